"""Settings: complete or refused, with the variable that is at fault, and without showing a secret."""

from pathlib import Path

import pytest

from api.settings import SettingsError, settings_from
from ledger.signing.mldsa import generate_mldsa44, load_mldsa44, save_mldsa44
from ledger.signing.signer import Ed25519Signer, generate_ed25519, generate_p256, load_signer, save_signer


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    save_signer(generate_ed25519(), tmp_path / "log.pem", None)
    return {
        "DATABASE_URL": "postgresql://ledger:secret-word@host/ledger",
        "LEDGER_ORIGIN": "ledger.example/compact",
        "LEDGER_KEY_FILE": str(tmp_path / "log.pem"),
    }


def test_what_is_not_said_has_its_default(environment: dict[str, str]) -> None:
    settings = settings_from(environment)
    assert (settings.depositary, settings.service_authority) == ("depositary", "depositary/service")
    assert settings.service_key == settings.log_key
    assert settings.data == Path("data")
    assert "secret-word" not in repr(settings)


def test_the_service_may_have_a_key_of_its_own(environment: dict[str, str], tmp_path: Path) -> None:
    save_signer(generate_ed25519(), tmp_path / "service.pem", None)
    settings = settings_from({**environment, "LEDGER_SERVICE_KEY_FILE": str(tmp_path / "service.pem")})
    assert settings.service_key.key_id != settings.log_key.key_id


def test_the_connection_may_stand_in_a_file(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://elsewhere/ledger\n", encoding="utf-8")
    del environment["DATABASE_URL"]
    settings = settings_from({**environment, "DATABASE_URL_FILE": str(tmp_path / "url")})
    assert settings.database_url == "postgresql://elsewhere/ledger"


@pytest.mark.parametrize("name", ["DATABASE_URL", "LEDGER_ORIGIN", "LEDGER_KEY_FILE"])
@pytest.mark.parametrize("value", [None, ""])
def test_what_is_needed_and_missing_is_named(environment: dict[str, str], name: str, value: str | None) -> None:
    del environment[name]
    with pytest.raises(SettingsError, match=name):
        settings_from(environment if value is None else {**environment, name: value})


@pytest.mark.parametrize("origin", ["ledger.example/Compact", "Ledger.example", "a b", "x" * 201, "ledger+x", "a\nb"])
def test_an_origin_that_events_cannot_name_is_refused(environment: dict[str, str], origin: str) -> None:
    with pytest.raises(SettingsError, match="LEDGER_ORIGIN"):
        settings_from({**environment, "LEDGER_ORIGIN": origin})


def test_a_depositary_that_is_no_party_id_is_refused(environment: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="LEDGER_DEPOSITARY"):
        settings_from({**environment, "LEDGER_DEPOSITARY": "The Depositary"})


def test_two_connections_are_one_too_many(environment: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="both"):
        settings_from({**environment, "DATABASE_URL_FILE": "/nowhere"})


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe"])
def test_a_connection_file_that_holds_nothing_is_refused(
    environment: dict[str, str], tmp_path: Path, content: bytes | None
) -> None:
    del environment["DATABASE_URL"]
    path = tmp_path / "url"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError, match="DATABASE_URL_FILE"):
        settings_from({**environment, "DATABASE_URL_FILE": str(path)})


def test_a_key_that_cannot_sign_checkpoints_is_refused(environment: dict[str, str], tmp_path: Path) -> None:
    save_signer(generate_p256(), tmp_path / "p256.pem", None)
    save_signer(generate_ed25519(), tmp_path / "locked.pem", b"a passphrase")
    (tmp_path / "text.pem").write_text("secret-word", encoding="utf-8")
    for name in ("p256.pem", "locked.pem", "text.pem", "missing.pem"):
        with pytest.raises(SettingsError, match="LEDGER_KEY_FILE") as raised:
            settings_from({**environment, "LEDGER_KEY_FILE": str(tmp_path / name)})
        assert "secret-word" not in str(raised.value)


def test_the_log_may_have_an_mldsa_key_and_more_keys(environment: dict[str, str], tmp_path: Path) -> None:
    alone = settings_from(environment)
    assert (alone.opening_keys, alone.further_keys) == ((alone.log_key,), ())
    save_mldsa44(generate_mldsa44(), tmp_path / "pq.pem")
    save_mldsa44(generate_mldsa44(), tmp_path / "next-pq.pem")
    save_signer(generate_ed25519(), tmp_path / "next.pem", None)
    more = {
        "LEDGER_MLDSA_KEY_FILE": str(tmp_path / "pq.pem"),
        "LEDGER_FURTHER_KEY_FILES": f"{tmp_path / 'next.pem'}:{tmp_path / 'next-pq.pem'}",
    }
    settings = settings_from({**environment, **more})
    assert settings.opening_keys == (settings.log_key, load_mldsa44(tmp_path / "pq.pem"))
    following, following_pq = settings.further_keys
    assert isinstance(following, Ed25519Signer)
    assert following.key_id == load_signer(tmp_path / "next.pem", None).key_id
    assert following_pq == load_mldsa44(tmp_path / "next-pq.pem")
    assert settings.mldsa_key is not None
    assert settings.mldsa_key.seed.hex() not in repr(settings)
    assert "seed" not in repr(settings)


def test_a_key_file_holds_the_seed_for_its_owner_alone_and_is_never_overwritten(tmp_path: Path) -> None:
    key, path = generate_mldsa44(), tmp_path / "pq.pem"
    save_mldsa44(key, path)
    assert load_mldsa44(path) == key
    assert (path.stat().st_mode & 0o777, len(key.seed)) == (0o600, 32)
    with pytest.raises(FileExistsError):
        save_mldsa44(generate_mldsa44(), path)


def test_a_key_of_another_kind_is_refused_with_its_variable(environment: dict[str, str], tmp_path: Path) -> None:
    save_signer(generate_p256(), tmp_path / "p256.pem", None)
    save_mldsa44(generate_mldsa44(), tmp_path / "pq.pem")
    (tmp_path / "text.pem").write_text("secret-word", encoding="utf-8")
    cases = [
        ("LEDGER_MLDSA_KEY_FILE", ("log.pem", "p256.pem", "text.pem", "missing.pem")),
        ("LEDGER_FURTHER_KEY_FILES", ("p256.pem", "text.pem", "missing.pem")),
        ("LEDGER_KEY_FILE", ("pq.pem",)),
    ]
    for variable, names in cases:
        for name in names:
            with pytest.raises(SettingsError, match=variable) as raised:
                settings_from({**environment, variable: str(tmp_path / name)})
            assert "secret-word" not in str(raised.value)
    with pytest.raises(SettingsError, match="at most 16 paths"):
        settings_from({**environment, "LEDGER_FURTHER_KEY_FILES": ":".join([str(tmp_path / "pq.pem")] * 17)})
