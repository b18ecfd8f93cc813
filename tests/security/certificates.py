"""An authority of a test's own, and certificates that it signs, made by the machine's openssl."""

import shutil
import subprocess
from pathlib import Path

OPENSSL = shutil.which("openssl")
KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")


def authority(folder: Path, name: str) -> Path:
    """Make an authority; give the PEM of its certificate."""
    certificate = folder / f"{name}.pem"
    extensions = ("-addext", "keyUsage=critical,keyCertSign,cRLSign")
    made = ("-nodes", "-keyout", str(folder / f"{name}.key"), "-out", str(certificate))
    _openssl("req", "-x509", *KEY, *made, "-days", "2", "-subj", f"/CN={name}", *extensions)
    return certificate


def certificate(folder: Path, name: str, signer: Path, names: str, password: str = "") -> tuple[Path, Path]:
    """Make a certificate for these subject alternative names; give the PEM of it and of its key."""
    request, signed, key = (folder / f"{name}.{end}" for end in ("csr", "pem", "key"))
    secret = ("-passout", f"pass:{password}") if password else ("-nodes",)
    _openssl("req", *KEY, *secret, "-keyout", str(key), "-out", str(request), "-subj", f"/CN={name}")
    extensions = folder / f"{name}.ext"
    extensions.write_text(
        f"subjectAltName={names}\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
        "extendedKeyUsage=serverAuth,clientAuth\n"
    )
    by = ("-CA", str(signer), "-CAkey", str(signer.with_suffix(".key")), "-CAcreateserial", "-days", "2")
    _openssl("x509", "-req", "-in", str(request), *by, "-extfile", str(extensions), "-out", str(signed))
    return signed, key


def _openssl(*arguments: str) -> None:
    assert OPENSSL
    subprocess.run([OPENSSL, *arguments], check=True, capture_output=True)
