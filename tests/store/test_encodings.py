"""A database in another encoding than UTF-8 holds the same log: text is sent and read as UTF-8 whatever it is in."""

from contextlib import closing

from ledger.intake.intake import Intake
from ledger.intake.outcomes import Sealed
from ledger.store.database import migrate
from ledger.store.log import StoredLog
from projections.follower import Follower
from projections.models import ReadModels
from tests.acts import founding
from tests.postgres import empty_database
from tests.store.embedded_servers import wait_until


def test_a_database_without_an_encoding_finds_what_it_recorded(postgres_server: str) -> None:
    made = founding()
    name = "Україна"
    with empty_database(postgres_server, encoding="SQL_ASCII") as database_url:
        migrate(database_url)
        with StoredLog(database_url) as log:
            intake = Intake(log, made.origin, [made.log_signer], made.service)
            outcomes = intake.submit([*made.raws, made.beneficiary.renaming(name)])
            assert all(isinstance(one, Sealed) for one in outcomes)
            last = outcomes[-1]
            assert isinstance(last, Sealed)
            found = log.find(last.event_id)
            assert found is not None
            assert found.position == len(outcomes)
            assert log.state("party/ua") is not None
            follower = Follower(log, database_url)
            follower.start()
            try:
                wait_until(lambda: follower.position == len(outcomes))
            finally:
                follower.stop()
            with closing(ReadModels(database_url)) as models, models.at(None) as rows:
                assert rows.states(["party/ua"]) == {"party/ua": log.state("party/ua")}
