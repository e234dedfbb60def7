"""What the README says, done as it is written there; only places and the platform are the test's."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import List

import pytest
import yaml

from harness import Agent

README = Path(__file__).resolve().parents[2] / "README.md"


def section(title: str) -> str:
    """The text below that heading."""
    return re.split(r"^## ", README.read_text(encoding="utf-8").split(f"## {title}\n")[1],
                    flags=re.M)[0]


def written(agent: Agent, text: str) -> Path:
    """The configuration of that text, in the test's folder and for its platform."""
    block = re.search(r"```yaml\n(.*?)```", text, re.S)
    assert block, "there is no configuration in this section"
    where = agent.directory / "readme"
    where.mkdir(exist_ok=True)
    told = (block[1].replace("/var/lib/onekey-agent", str(where))
            .replace("/etc/onekey-agent/token", str(agent.token_file))
            .replace("/srv/", f"{where}/srv/"))
    config = yaml.safe_load(told)
    config["api"] = {**config["api"], "url": agent.platform.url, "requests_per_second": 0}
    config["api"].pop("tenant", None)
    for watch in config.get("watch", []):
        Path(watch["path"]).mkdir(parents=True, exist_ok=True)
    agent.config_path.write_text(yaml.safe_dump(config))
    return where


def commands(text: str) -> List[str]:
    """The indented lines, without their comments."""
    lines = [line[4:] for line in text.splitlines() if line.startswith("    ")]
    return [line.partition("  #")[0].strip() for line in lines]


@pytest.mark.parametrize("title", ["A first configuration for a real tenant",
                                   "Scheduled SBOM export", "Mirroring an archive"])
def test_every_configuration_is_one(agent, title):
    written(agent, section(title))
    agent.command("config", "check").ok()


def test_scheduled_export_works_as_written(agent):
    ids = agent.platform.add_firmwares(5, name="fw-{n}", product="Router", version="1.{n}")
    text = section("Scheduled SBOM export")
    where = written(agent, text)
    lines = commands(text)
    exports = [line for line in lines if line in ("onekey-agent sbom export", "onekey-agent once")]
    assert len(exports) == 2, lines

    for line in exports:
        agent.command(*shlex.split(line)[1:]).ok()
    assert len(list((where / "sboms").rglob("*.cdx.json"))) == 5

    sums = [line for line in lines if "sha256sum" in line]
    assert len(sums) == 1
    subprocess.run(["sh", "-c", sums[0].replace("/var/lib/onekey-agent", str(where))],
                   check=True)
    agent.command("sbom", "verify").ok()
    agent.platform.change_firmware(ids[0], revision=1)
    agent.command("sbom", "export").ok()
    assert len(agent.command("sbom", "history", ids[0], "--json").ok().json()) == 2
    assert agent.command("sbom", "diff", ids[0]).code == 1
