"""Each lint finds what was planted, and keeps silent about what is right."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

import banned
import junit_count
import layers
import migrations
import sizes
from c_source import blank

HERE = Path(__file__).resolve().parent


def plant(root, name, text):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def reasons(lint, root):
    return [f"{finding.path.name}:{finding.line}: {finding.reason}" for finding in lint.findings(root)]


def function(name, lines, parameters="void"):
    return f"static void {name}({parameters})\n{{\n" + "    work();\n" * (lines - 3) + "}\n"


# -- what the lints see ------------------------------------------------------------------------


@pytest.mark.parametrize("text, want", [
    pytest.param('x("atoi(a)");', 'x("       ");', id="texts are blanked"),
    pytest.param("a; // atoi(\nb;", "a;         \nb;", id="remarks are blanked"),
    pytest.param("/* a\nb */c", "    \n    c", id="comments keep their lines"),
    pytest.param('#include "a/b.h"', '#include "a/b.h"', id="included names stay"),
    pytest.param('p("\\"", \'"\'); q', 'p("  ", \' \'); q', id="escaped quotes end nothing"),
])
def test_comments_and_texts_are_blanked(text, want):
    assert blank(text) == want


# -- layers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("path, line, reason", [
    pytest.param("net/a.c", '#include "job/job.h"', "net may not include job", id="a neighbour"),
    pytest.param("base/a.h", '#include "store/db.h"', "base may not include store", id="upwards"),
    pytest.param("onekey/a.c", '#include "flow/flow.h"', "onekey may not include flow",
                 id="upwards from the middle"),
    pytest.param("main.c", '#include "run/run.h"', "main.c may not include run", id="main hands over"),
    pytest.param("run/a.c", '#include "cli/cli.h"', "run may not include cli", id="the top"),
    pytest.param("flow/a.c", "#include <sqlite3.h>", "<sqlite3.h> belongs to store/", id="a library"),
    pytest.param("net/a.c", '#include "http.h"', 'include "http.h" by its path', id="a bare name"),
    pytest.param("other/a.c", "", "no layer is called other", id="an unknown folder"),
])
def test_a_wrong_include_is_found(tmp_path, path, line, reason):
    plant(tmp_path, f"agent/{path}", f"// first line\n{line}\n")
    found = reasons(layers, tmp_path)
    assert len(found) == 1 and reason in found[0]


def test_right_includes_pass(tmp_path):
    plant(tmp_path, "agent/flow/a.c", '#include "flow/b.h"\n#include "net/http.h"\n#include <uv.h>\n')
    plant(tmp_path, "agent/net/a.c", '#include <curl/curl.h>\n// #include "job/job.h"\n')
    plant(tmp_path, "agent/main.c", '#include "cli/cli.h"\n')
    assert reasons(layers, tmp_path) == []


# -- sizes -------------------------------------------------------------------------------------


def test_a_long_function_is_found_where_it_starts(tmp_path):
    plant(tmp_path, "agent/base/a.c", "\n" + function("endless", 61))
    assert reasons(sizes, tmp_path) == ["a.c:2: endless has 61 lines, at most 60"]


def test_a_table_in_a_function_does_not_count(tmp_path):
    table = "    static const struct {\n        int a;\n    } rows[] = {\n" + "        {1},\n" * 80 + "    };\n"
    plant(tmp_path, "tests/unit/a.c", f"void a(void)\n{{\n{table}    work();\n}}\n")
    names = "    static const char *const names[] = {\n" + '        "a",\n' * 80 + "    };\n"
    plant(tmp_path, "tests/unit/b.c", f"void b(void)\n{{\n{names}    work();\n}}\n")
    assert reasons(sizes, tmp_path) == []


def test_lines_after_a_table_count_again(tmp_path):
    table = "    static const int rows[] = {\n        1,\n    };\n"
    plant(tmp_path, "agent/base/a.c", f"void a(void)\n{{\n{table}" + "    work();\n" * 60 + "}\n")
    assert len(reasons(sizes, tmp_path)) == 1


@pytest.mark.parametrize("parameters, count", [
    ("void", 0), ("int a", 1), ("int a, int b,\n      int c, int d, int e, int f", 6),
    ("int a, void (*done)(void *, int), struct err *err", 3),
    ("int a, int b, int c, int d, int e, int f, int g", 7),
])
def test_parameters_are_counted(tmp_path, parameters, count):
    plant(tmp_path, "agent/base/a.c", function("many", 5, parameters))
    found = reasons(sizes, tmp_path)
    assert found == (["a.c:1: many has 7 parameters, at most 6"] if count == 7 else [])


def test_long_files_are_found(tmp_path):
    plant(tmp_path, "agent/base/a.c", "// c\n" * 601)
    plant(tmp_path, "agent/base/a.h", "// h\n" * 161)
    plant(tmp_path, "agent/base/b.h", "// h\n" * 160)
    assert reasons(sizes, tmp_path) == ["a.c:601: 601 lines, at most 600", "a.h:161: 161 lines, at most 160"]


# -- banned ------------------------------------------------------------------------------------


@pytest.mark.parametrize("layer, code, word", [
    ("base", "    strcpy(a, b);", "strcpy"), ("base", "    sprintf(a, b);", "sprintf"),
    ("base", "    n = atoi(a);", "atoi"), ("base", "    t = gmtime(&n);", "gmtime"),
    ("run", "    system(a);", "system"), ("run", "    n = rand ();", "rand"),
    ("run", "    goto out;", "goto"), ("run", "typedef struct a a;", "typedef struct"),
    ("run", "    p = malloc(4);", "malloc"), ("run", "    sqlite3_step(s);", "sqlite3_step"),
    ("flow", "    curl_easy_init();", "curl_easy_init"), ("flow", "    uv_run(l, 0);", "uv_run"),
    ("flow", "    secret_reveal(s);", "secret_reveal"), ("flow", "    fd = open(p, 0);", "open"),
    ("watch", "    fd = openat(d, p, 0);", "openat"), ("base", "static int counter;", "file scope"),
    ("base", "static struct a *all = NULL;", "file scope"),
])
def test_a_banned_call_is_found(tmp_path, layer, code, word):
    plant(tmp_path, f"agent/{layer}/a.c", f"// one\n\n{code}\n")
    found = reasons(banned, tmp_path)
    assert len(found) == 1 and found[0].startswith("a.c:3: ") and word in found[0]


@pytest.mark.parametrize("layer, code", [
    ("base", "    p = malloc(4);"), ("store", "    sqlite3_step(s);"), ("net", "    curl_easy_init();"),
    ("net", "    secret_reveal(s);"), ("run", "    uv_run(l, 0);"), ("config", "    fd = open(p, 0);"),
    ("flow", "    gmtime_r(a, b); snprintf(a, 1, b);"), ("flow", '    say("goto malloc(1)"); // rand()'),
    ("flow", "static const char *const names[] = {"), ("flow", "static bool find(struct a *a);"),
    ("flow", "static const int count = 4;"), ("flow", "    source_open(s); rows->system = 1;"),
])
def test_what_is_allowed_passes(tmp_path, layer, code):
    plant(tmp_path, f"agent/{layer}/a.c", code + "\n")
    assert reasons(banned, tmp_path) == []


# -- migrations --------------------------------------------------------------------------------


@pytest.fixture(name="ledger")
def fixture_ledger(tmp_path):
    first = plant(tmp_path, "migrations/0001_first.sql", "CREATE TABLE a (b) STRICT;\n")
    digest = hashlib.sha256(first.read_bytes()).hexdigest()
    plant(tmp_path, "tests/lint/released_migrations.sha256", f"# 0.1.0\n{digest}  0001_first.sql\n")
    plant(tmp_path, "migrations/0002_second.sql", "")
    return tmp_path


def test_numbered_and_unchanged_migrations_pass(ledger):
    assert reasons(migrations, ledger) == []


def test_a_released_migration_that_changed_is_found(ledger):
    plant(ledger, "migrations/0001_first.sql", "CREATE TABLE a (b, c) STRICT;\n")
    assert "has changed" in reasons(migrations, ledger)[0]


def test_a_released_migration_that_is_gone_is_found(ledger):
    (ledger / "migrations/0001_first.sql").rename(ledger / "migrations/0001_other.sql")
    assert "is gone" in reasons(migrations, ledger)[0]


def test_a_gap_and_a_bad_name_are_found(ledger):
    (ledger / "migrations/0002_second.sql").rename(ledger / "migrations/0003_third.sql")
    plant(ledger, "migrations/4.sql", "")
    assert [text.partition(" ")[2] for text in reasons(migrations, ledger)] == ["want number 0002", "want NNNN_name.sql"]


# -- the lints as programs, and the count of results -------------------------------------------


@pytest.mark.parametrize("lint, planted", [
    ("layers", '#include "run/run.h"\n'), ("banned", "    goto out;\n"), ("sizes", "//\n" * 700),
])
def test_a_lint_fails_as_a_program_and_names_the_place(tmp_path, lint, planted):
    plant(tmp_path, "agent/net/a.c", planted)
    run = subprocess.run([sys.executable, HERE / f"{lint}.py", tmp_path], capture_output=True, text=True)
    assert run.returncode == 1 and run.stderr.startswith("agent/net/a.c:")


@pytest.mark.parametrize("text, want", [
    pytest.param('<testsuites><testsuite><testcase/><testcase><failure/></testcase></testsuite></testsuites>',
                 (1, 1, 0), id="pytest"),
    pytest.param('<testsuite><testcase status="run"/><testcase status="fail"><failure/></testcase>'
                 '<testcase status="notrun"/></testsuite>', (1, 2, 0), id="ctest"),
    pytest.param('<testsuite><testcase><skipped/></testcase><testcase><error/></testcase></testsuite>',
                 (0, 1, 1), id="a skipped test is none that passed, an error is a failure"),
    pytest.param("<testsuite>", (0, 1, 0), id="cut off"),
    pytest.param("<testsuite/>", (0, 1, 0), id="nothing ran"),
    pytest.param(None, (0, 1, 0), id="no file"),
])
def test_results_are_counted(tmp_path, text, want):
    path = tmp_path / "junit.xml"
    if text is not None:
        path.write_text(text)
    assert junit_count.count(path) == want
