"""Signs distributions as `pypi-attestations sign` does, with the services of a given configuration:
that program itself takes only the public ones.

sign.py CONFIGURATION FILE…
"""

import pathlib
import sys

from pypi_attestations import Attestation, Distribution
from sigstore.models import ClientTrustConfig
from sigstore.oidc import IdentityToken, detect_credential
from sigstore.sign import SigningContext

configuration, *files = map(pathlib.Path, sys.argv[1:])
services = ClientTrustConfig.from_json(configuration.read_text())
identity = IdentityToken(detect_credential())
with SigningContext.from_trust_config(services).signer(identity, cache=True) as signer:
    for file in files:
        attestation = Attestation.sign(signer, Distribution.from_file(file))
        pathlib.Path(f"{file}.publish.attestation").write_text(attestation.model_dump_json())
