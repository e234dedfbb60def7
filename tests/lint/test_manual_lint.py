"""The manual's lint finds what was planted, and keeps silent about what is right."""

import pytest

import manual

SAMPLE = """# A remark.
version: 1
api:
  url: https://one.example
  #tenant: Acme
# The folders.
watch:
  #- name: release
  #  include: ["**/*"]
alerts:
  targets:
    #- on: all
    #- command: [a, b]
"""

PAGE = """onekey-agent.yaml(5) "" ""

# NAME

onekey-agent.yaml - a page

# OPTIONS

*version*
	The form.

*api.url*, *api.tenant*
	Two of them.

*watch[].name*
	Needed.

*watch[].include*
	Globs: \\*\\*

*alerts.targets[].on*
	Events.

*alerts.targets[].command*
	A program.

# SEE ALSO

*onekey-agent.yaml*(5)

# EXAMPLES

```
*no.key*
	it is only an example
```
"""


@pytest.fixture(name="plant")
def fixture_plant(tmp_path):
    def plant(text, name="onekey-agent.yaml.5.scd"):
        folder = tmp_path / "packaging" / "man"
        folder.mkdir(parents=True, exist_ok=True)
        (tmp_path / "config").mkdir(exist_ok=True)
        (tmp_path / "config" / "onekey-agent.yaml").write_text(SAMPLE)
        (folder / name).write_text(text)
        return [f"{finding.line}: {finding.reason}" for finding in manual.findings(tmp_path)]
    return plant


def test_a_right_page_passes(plant):
    assert plant(PAGE) == []


@pytest.mark.parametrize("old, new, line, reason", [
    pytest.param("*watch[].name*\n\tNeeded.\n\n", "", 1, "watch[].name is not told of",
                 id="missing"),
    pytest.param("*version*", "*versoin*", 9, "versoin is no key", id="misspelt"),
    pytest.param("*api.url*, *api.tenant*", "*api.url*", 1, "api.tenant is not told of",
                 id="an example's key"),
    pytest.param("*version*\n\tThe form.\n", "*version*\n\tThe form.\n\n*version*\n\tAgain.\n", 12,
                 "version is told of twice", id="twice"),
    pytest.param("*onekey-agent.yaml*(5)", "*onekey-agent-no*(1)", 29,
                 "there is no onekey-agent-no(1)",
                 id="a page that is not there"),
    pytest.param("onekey-agent.yaml(5) ", "onekey-agent.yaml(1) ", 1,
                 "want the title of onekey-agent.yaml.5", id="another section"),
    pytest.param("# EXAMPLES", "# EXAMPLE", 1, "no part EXAMPLES", id="a part that all have"),
    pytest.param("The form.", "The *form.", 1, "Expected *", id="not well-formed"),
])
def test_a_wrong_page_is_found(plant, old, new, line, reason):
    assert old in PAGE
    assert any(found.startswith(f"{line}: ") and reason in found
               for found in plant(PAGE.replace(old, new, 1))), plant(PAGE.replace(old, new, 1))


def test_a_tree_without_pages_is_found(tmp_path):
    assert [finding.reason for finding in manual.findings(tmp_path)] == ["no page"]
