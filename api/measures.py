"""What is counted and timed, in a registry of its own for each application.

No label holds what a client chose: routes are named by their templates, outcomes and statuses by their codes.
"""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from ledger.fsck.scrubber import Scrubbed
from ledger.gathering.standing import Gathered, Quorum, readable

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

_ACTS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Measures:
    """Counters of one application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.submissions = Counter(
            "gledger_submissions", "Acts submitted, by outcome", ["outcome"], registry=self.registry
        )
        self.acts = Histogram("gledger_submission_acts", "Acts in one request", buckets=_ACTS, registry=self.registry)
        self.commit_seconds = Histogram(
            "gledger_commit_seconds",
            "From the complete request to its receipts",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.requests = Counter("gledger_requests", "Requests", ["route", "method", "status"], registry=self.registry)
        self.request_seconds = Histogram(
            "gledger_request_seconds", "Time to the last byte", ["route"], buckets=_SECONDS, registry=self.registry
        )
        self._of_requests: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self.tree_size = Gauge("gledger_tree_size", "Entries under the newest checkpoint", registry=self.registry)
        self.projection_position = Gauge(
            "gledger_projection_position", "Entries that the projections reflect", registry=self.registry
        )

        self.scrub_active = Gauge("gledger_scrub_active", "Whether this process scrubs", registry=self.registry)
        self.scrub_position = Gauge(
            "gledger_scrub_position", "Entries read again in this round", registry=self.registry
        )
        self.scrub_rounds = Gauge("gledger_scrub_rounds", "Rounds over the whole log", registry=self.registry)
        self.scrub_finished = Gauge(
            "gledger_scrub_last_round_timestamp_seconds", "When the last round ended; 0: none", registry=self.registry
        )
        self.scrub_findings = Gauge(
            "gledger_scrub_findings", "What is known to be wrong, by kind", ["kind"], registry=self.registry
        )
        self.scrub_found = Gauge(
            "gledger_scrub_finding_timestamp_seconds",
            "Since when something is known; 0: nothing",
            registry=self.registry,
        )
        self.witness_answers = Counter(
            "gledger_witness_answers", "Answers of witnesses, by kind", ["witness", "answer"], registry=self.registry
        )
        self.witness_tree_size = Gauge(
            "gledger_witness_tree_size", "Entries that a witness has cosigned", ["witness"], registry=self.registry
        )
        self.witness_cosigned = Gauge(
            "gledger_witness_cosigned_timestamp_seconds",
            "When a witness cosigned last; 0: never",
            ["witness"],
            registry=self.registry,
        )
        self.witnessed_tree_size = Gauge(
            "gledger_witnessed_tree_size", "Entries under a checkpoint that meets the policy", registry=self.registry
        )
        self.quorum = Gauge(
            "gledger_quorum", "How the newest checkpoint stands with the policy", ["state"], registry=self.registry
        )

    def count_request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request. Labels are looked up once for each kind: there are as many as routes have statuses."""
        counted = self._of_requests.get((route, method, status))
        if counted is None:
            counted = self.requests.labels(route, method, str(status)), self.request_seconds.labels(route)
            self._of_requests[route, method, status] = counted
        counted[0].inc()
        counted[1].observe(seconds)

    def show_scrub(self, scrubbed: Scrubbed) -> None:
        """Take over how far the scrubber is."""
        self.scrub_active.set(scrubbed.active)
        self.scrub_position.set(scrubbed.position)
        self.scrub_rounds.set(scrubbed.rounds)
        self.scrub_finished.set(scrubbed.finished_at)
        self.scrub_found.set(scrubbed.found_at)
        self.scrub_findings.clear()
        for kind, count in scrubbed.findings.items():
            self.scrub_findings.labels(kind).set(count)

    def count_witness_answer(self, witness: str, answer: str) -> None:
        """Count an answer of one witness of the policy. Safe from any thread."""
        self.witness_answers.labels(readable(witness), answer).inc()

    def show_gathered(self, gathered: Gathered) -> None:
        """Take over how the witnesses stand."""
        self.witnessed_tree_size.set(gathered.witnessed_size)
        for state in Quorum:
            self.quorum.labels(state).set(gathered.quorum is state)
        for one in gathered.witnesses:
            name = readable(one.witness.name)
            self.witness_tree_size.labels(name).set(one.tree_size)
            self.witness_cosigned.labels(name).set(one.cosigned_at or 0)

    def text(self) -> bytes:
        """Return the text exposition."""
        return generate_latest(self.registry)
