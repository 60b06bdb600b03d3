"""Holds the files in deploy/ to the schemas of Compose and Kubernetes. Called by scripts/check-packages.sh."""

import re
import sys
from pathlib import Path

import compose_spec
import kubernetes_validate
import yaml
from openapi_spec_validator import validate

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
# The oldest release on which a pod may sleep before it is stopped, and the newest that the package knows.
RELEASES = ("1.30", kubernetes_validate.latest_version())
problems = []


def documents(text):
    return [document for document in yaml.safe_load_all(text) if document is not None]


def check_syntax():
    files = [*DEPLOY.rglob("*.yaml"), *DEPLOY.rglob("*.yml")]
    for file in files:
        documents(file.read_text())
    print(f"{len(files)} YAML files parse")


def check_compose():
    text = (DEPLOY / "compose.yaml").read_text()
    compose_spec.PyCompose.from_yaml(text).validate()
    compose = yaml.safe_load(text)
    for name, service in compose["services"].items():
        for secret in service.get("secrets", []):
            if secret not in compose["secrets"]:
                problems.append(f"compose.yaml: {name} uses the secret {secret}, which is not there")
        for value in service.get("environment", {}).values():
            file = re.fullmatch(r"/run/secrets/(\w+)", str(value))
            if file and file[1] not in service.get("secrets", []):
                problems.append(f"compose.yaml: {name} reads {value}, which is not mounted")
    made = set(re.findall(r"^put (\w+)", (DEPLOY / "compose/make-secrets.sh").read_text(), re.MULTILINE))
    if made != set(compose["secrets"]):
        problems.append(f"make-secrets.sh makes {sorted(made)}, compose.yaml needs {sorted(compose['secrets'])}")
    print(f"compose.yaml: {len(compose['services'])} services are as the Compose specification has it")


def check_compose_snippet():
    text = (DEPLOY / "compose.snippet.yaml").read_text()
    compose_spec.PyCompose.from_yaml(text).validate()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    if len(lines) > 16:
        problems.append(f"compose.snippet.yaml: {len(lines)} lines are too many to paste")
    services = yaml.safe_load(text)["services"]
    # Its own folder is all that is written to, and it is no anonymous volume: the queue must outlive the container.
    if not any(volume.endswith(":/var/lib/cloudinary-parse") for volume in services["cloudinary-parse"]["volumes"]):
        problems.append("compose.snippet.yaml: the queue has no volume")
    print(f"compose.snippet.yaml: {len(services)} services are as the Compose specification has it")


def check_kubernetes(rendered):
    objects = documents(rendered) if rendered else []
    for name in ("secret.example.yaml", "register-job.yaml"):
        objects += documents((DEPLOY / "kubernetes" / name).read_text())
    for item in objects:
        for release in RELEASES:
            try:
                kubernetes_validate.validate(item, release, strict=True)
            except kubernetes_validate.ValidationError as error:
                problems.append(f"{item['kind']} {item['metadata']['name']}, Kubernetes {release}: {error.message}")
    by_kind = {(item["kind"], item["metadata"]["name"]): item for item in objects}
    secret = by_kind["Secret", "cloudinary-parse"]["stringData"]
    pods = [item["spec"]["template"]["spec"] for item in objects if item["kind"] in ("Deployment", "Job")]
    for pod in pods:
        for variable in pod["containers"][0]["env"]:
            key = variable["value"].rsplit("/", 1)[-1]
            if key not in secret:
                problems.append(f"{variable['name']} reads {key}, which the Secret does not hold")
    print(f"{len(objects)} Kubernetes objects are valid for {' and '.join(RELEASES)}")


def check_manifests():
    for copy in (DEPLOY / "kubernetes/webhooks").glob("*.toml"):
        if copy.read_text() != (ROOT / "webhooks" / copy.name).read_text():
            problems.append(f"{copy.relative_to(ROOT)} differs from webhooks/{copy.name}")


def check_openapi():
    validate(yaml.safe_load((ROOT / "docs/openapi.yaml").read_text()))
    print("docs/openapi.yaml is OpenAPI 3.1")


check_syntax()
check_openapi()
check_compose()
check_compose_snippet()
check_kubernetes("" if sys.stdin.isatty() else sys.stdin.read())
check_manifests()
for problem in problems:
    print(problem, file=sys.stderr)
sys.exit(1 if problems else 0)
