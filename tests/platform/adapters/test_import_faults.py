"""Sources that are wrong, lie, hang up or lead elsewhere: each ends with its own code, and nothing
is left."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from motet_platform import egress
from motet_platform.adapters.imports import fetch
from motet_platform.adapters.imports.failure import Code, ImportFailure
from motet_platform.adapters.imports.fetch import Progress
from motet_platform.adapters.imports.run import source_fetch
from motet_platform.adapters.imports.source import HubSource, Source, UrlSource
from motet_platform.adapters.multipart import AdapterFiles
from motet_platform.adapters.testing import good
from motet_platform.config import get_config
from motet_platform.egress import Destination
from motet_platform.errors import MotetError

from ...hub import (
    FILES,
    StandIn,
    announced,
    endless,
    running,
    stalled,
    status,
    truncated,
    unannounced,
)

CONFIG, MODEL = FILES
TOKEN = "hf_only_for_this_test"


@pytest.fixture(autouse=True)
def settings(store: Any, hub: StandIn, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    values = get_config().__dict__
    monkeypatch.setitem(values, "hub_url", hub.url)
    monkeypatch.setitem(values, "max_upload_bytes", 1_000_000)
    return values


@pytest.fixture
def ended(files_left: Any) -> Any:
    """ended(source): the code that its download ends with, and its sentence."""

    def download(source: Source) -> tuple[str, str]:
        files = AdapterFiles()
        try:
            asyncio.run(source_fetch(source, files, Progress()))
        except (ImportFailure, MotetError) as error:
            return error.code, error.message
        finally:
            files.close()
            assert files_left() == []
        whole = good()
        assert files.size == len(whole.config) + len(whole.model)
        return "", ""

    return download


def from_hub(**more: Any) -> HubSource:
    return HubSource("acme/lora", **{"revision": "main", **more})


def push(hub: StandIn, *names: str, **fields: Any) -> None:
    files = good()
    every = {CONFIG: files.config, MODEL: files.model}
    hub.push("acme/lora", {name: every.get(name, b"x") for name in names or FILES}, **fields)


def test_a_repository_that_is_not_there(hub: StandIn, ended: Any) -> None:
    code, message = ended(from_hub())
    assert code == "import_repository_not_found" and "token where it is private" in message
    code, message = ended(from_hub(token=TOKEN))
    assert code == "import_repository_not_found" and "that it may read" in message


def test_a_private_repository(hub: StandIn, ended: Any) -> None:
    push(hub, token=TOKEN)
    assert ended(from_hub())[0] == "import_repository_not_found"
    assert ended(from_hub(token="hf_wrong"))[0] == "import_access_denied"
    assert ended(from_hub(token=TOKEN))[0] == ""


def test_a_gated_repository(hub: StandIn, ended: Any) -> None:
    push(hub, token=TOKEN, gated=True)
    code, message = ended(from_hub())
    assert code == "import_access_denied" and "accept its terms" in message


def test_a_revision_that_is_not_there(hub: StandIn, ended: Any) -> None:
    push(hub)
    code, message = ended(from_hub(revision="v9"))
    assert code == "import_revision_not_found" and "v9" in message


@pytest.mark.parametrize("there", FILES)
def test_a_file_that_is_not_there(there: str, hub: StandIn, ended: Any) -> None:
    push(hub, there)
    (absent,) = set(FILES) - {there}
    code, message = ended(from_hub())
    assert code == "import_file_missing" and absent in message and "subfolder" in message


def test_only_a_pickle(hub: StandIn, ended: Any) -> None:
    push(hub, CONFIG, "adapter_model.bin")
    code, message = ended(from_hub())
    assert code == "weights_pickle" and "safe_serialization=True" in message


def test_a_hub_that_tells_no_commit(hub: StandIn, ended: Any) -> None:
    push(hub)
    hub.tells_commits = False
    assert ended(from_hub())[0] == "import_commit_unknown"
    commit = hub.repositories["acme/lora"].refs["main"]
    assert ended(from_hub(revision=commit))[0] == ""


@pytest.mark.parametrize(
    ("name", "fault", "code"),
    [
        (MODEL, truncated, "import_source_gone"),
        (CONFIG, truncated, "import_source_gone"),
        (MODEL, endless, "upload_too_large"),
        (CONFIG, endless, "config_too_large"),
        (MODEL, announced(2_000_000), "upload_too_large"),
        (CONFIG, announced(2_000_000), "config_too_large"),
        (MODEL, announced(10**30), "import_source_unavailable"),
        (MODEL, unannounced, ""),
        (MODEL, status(200, content_encoding="gzip"), "import_encoding_unsupported"),
        (MODEL, status(500), "import_source_unavailable"),
        (CONFIG, status(429), "import_source_unavailable"),
        (MODEL, status(206), "import_source_unavailable"),
        (MODEL, status(204), "import_source_unavailable"),
        (MODEL, status(302), "import_too_many_redirects"),  # to itself
        (MODEL, status(302, location="file:///etc/passwd"), "import_host_refused"),
        (MODEL, status(302, location="https://["), "import_host_refused"),
        (MODEL, status(302, location="https://no-such-host.invalid/"), "import_source_unavailable"),
        (MODEL, status(302, location="http://93.184.216.34/"), "import_host_refused"),  # no https
    ],
)
def test_faults(name: str, fault: Any, code: str, hub: StandIn, ended: Any) -> None:
    push(hub)
    hub.faults = {name: fault}
    found, message = ended(from_hub())
    assert found == code, message


@pytest.mark.parametrize(
    "inside",
    ["127.0.0.1", "localhost", "10.0.0.8", "169.254.169.254", "[::1]", "[::ffff:10.0.0.1]",
     "[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::]", "224.0.0.1", "0"],
)  # fmt: skip
def test_nothing_leads_inside(inside: str, hub: StandIn, ended: Any) -> None:
    push(hub)
    hub.faults = {MODEL: status(302, location=f"https://{inside}:1/")}
    assert ended(from_hub())[0] == "import_host_refused"
    urls = UrlSource(f"https://{inside}/a", f"https://{inside}/b")
    assert ended(urls)[0] == "import_host_refused"


def test_the_hubs_own_address_is_no_bucket(hub: StandIn, ended: Any) -> None:
    """That the operator's hub is inside opens it to imports from the hub alone."""
    secure = hub.url.replace("http:", "https:")
    assert (
        ended(UrlSource(f"{secure}/files/{CONFIG}", f"{secure}/files/{MODEL}"))[0]
        == "import_host_refused"
    )
    assert hub.asked == []


def test_a_cdn_inside(hub: StandIn, ended: Any, settings: Any, monkeypatch: Any) -> None:
    push(hub)
    hub.by_cdn = True
    assert ended(from_hub())[0] == "import_host_refused"
    monkeypatch.setitem(settings, "import_private", True)
    assert ended(from_hub())[0] == ""


def certificate(name: str, folder: Path) -> Path:
    """A file with a key and a certificate for the name, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    file.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + made.public_bytes(Encoding.PEM)
    )
    return file


@pytest.mark.parametrize(
    ("asked", "code"), [("hub.example", ""), ("other.example", "import_source_unavailable")]
)
def test_a_checked_address_has_to_prove_its_name(
    asked: str, code: str, ended: Any, settings: Any, monkeypatch: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    """What is called is an address; the certificate is still about the name."""
    file = certificate("hub.example", tmp_path_factory.mktemp("tls"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    monkeypatch.setattr("certifi.where", lambda: str(file))
    here = ("127.0.0.1",)
    monkeypatch.setattr(egress, "resolve", lambda parts, private: Destination(parts, here))
    with running(context) as secure:
        push(secure)
        place = secure.url.replace("127.0.0.1", asked)
        monkeypatch.setitem(settings, "hub_url", place)
        assert ended(from_hub())[0] == code
        hosts = {headers["host"] for _, _, headers in secure.asked}
        assert hosts == ({place.removeprefix("https://")} if not code else set())


def test_an_address_that_went_stale(
    hub: StandIn, ended: Any, settings: Any, monkeypatch: Any
) -> None:
    monkeypatch.setitem(settings, "import_private", True)
    hub.faults = {"c": status(403), "m": status(503)}
    urls = UrlSource(f"{hub.url}/files/c?s=1", f"{hub.url}/files/m")
    code, message = ended(urls)
    assert code == "import_url_refused" and "sign it anew" in message
    hub.faults.pop("c")
    hub.files["c"] = good().config
    assert ended(urls)[0] == "import_source_unavailable"


def test_nobody_listens(hub: StandIn, ended: Any, settings: Any, monkeypatch: Any) -> None:
    monkeypatch.setitem(settings, "hub_url", "http://127.0.0.1:1")
    assert ended(from_hub())[0] == "import_source_unavailable"


@pytest.mark.parametrize("name", FILES)
def test_a_source_that_falls_silent(
    name: str, hub: StandIn, ended: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    push(hub)
    hub.faults = {name: stalled}
    monkeypatch.setattr(fetch, "IDLE_S", 0.1)
    assert ended(from_hub())[0] == "import_timeout"


def test_every_code_is_met_here_or_beside() -> None:
    met = "".join(
        (Path(__file__).parent / name).read_text()
        for name in ("test_imports.py", "test_import_ends.py", "test_import_faults.py")
    )
    assert [code for code in get_args(Code) if f'"{code}"' not in met] == []
