/*
 * The whole program, in a process of its own: what a person types, what comes out where, and
 * with which exit code. No daemon runs; the platform is a peer on loopback.
 */
#include "test.h"

#include <sys/wait.h>
#include <unistd.h>

#include "../net/peer.h"
#include "base/auto.h"
#include "base/buf.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "printed.h"
#include "store/item.h"
#include "store/ledger.h"
#include "tree.h"

#define JSON_TYPE "application/json"
#define TOKEN     "tenant/5ecret"

/* Set for the calls: this test program is then the real one. */
#define IS_PROGRAM "TEST_CLI_IS_PROGRAM"

enum { WORDS_MAX = 12, OUTPUT_MAX = 1 << 20 };

struct rig {
    struct tree tree;
    struct peer peer;
    char config[128];
    char *out;
    char *err;
    int exit_code;
};

static void answer(struct visit *visit)
{
    while (peer_read_head(visit) && peer_read_body(visit)) {
        bool is_known = strstr(visit->head, "Bearer " TOKEN) != NULL;
        const char *body = "{\"data\":{\"tenant\":{\"name\":\"Acme\"},\"user\":"
                           "{\"email\":\"ci@acme.example\"}}}";

        if (strstr(visit->body, "allProductGroups"))
            body = "{\"data\":{\"allProductGroups\":[{\"id\":\"1\",\"name\":\"Default\"}]}}";
        if (strstr(visit->body, "allAnalysisConfigurations"))
            body = "{\"data\":{\"allAnalysisConfigurations\":[{\"id\":\"2\",\"name\":\"Full\"}]}}";
        peer_answer(visit, is_known ? "200 OK" : "401 Unauthorized", JSON_TYPE,
                    is_known ? body : "{}");
        visit->body_size = 0;
    }
}

static void write_config(struct rig *rig, const char *more)
{
    auto_free char *text =
        xasprintf("version: 1\n"
                  "api: {url: \"http://127.0.0.1:%d/api\"}\n"
                  "state_dir: %s/state\n"
                  "watch:\n"
                  "  - name: release\n"
                  "    path: %s/builds\n"
                  "    include: [\"**/*.bin\"]\n"
                  "    settle: 0s\n"
                  "    metadata: {vendor: Acme, product: Router, version: 1.2}\n%s",
                  rig->peer.port, rig->tree.path, rig->tree.path, more);

    tree_file(&rig->tree, "agent.yaml", text);
    snprintf(rig->config, sizeof rig->config, "%s/agent.yaml", rig->tree.path);
}

static int make(void **state)
{
    struct rig *rig = calloc(1, sizeof *rig);

    tree_make(&rig->tree);
    tree_dir(&rig->tree, "builds");
    tree_file(&rig->tree, "builds/fw.bin", "image");
    tree_file(&rig->tree, "token", TOKEN "\n");
    tree_ok(fchmodat(rig->tree.fd, "token", 0600, 0), "chmod");
    peer_start(&rig->peer, answer, NULL);
    write_config(rig, "");
    *state = rig;
    return 0;
}

static int drop(void **state)
{
    struct rig *rig = *state;

    peer_stop(&rig->peer);
    free(rig->out);
    free(rig->err);
    tree_clear(AT_FDCWD, rig->tree.path);
    close(rig->tree.fd);
    free(rig);
    return 0;
}

/* ---- one call ---- */

/* The words with the file's place in them: "@name" is below the rig's folder. */
static void make_argv(const struct rig *rig, const char *const *words, char **argv)
{
    int argc = 0;

    argv[argc++] = xstrdup("onekey-agent");
    for (; *words; words++)
        argv[argc++] =
            **words == '@' ? xasprintf("%s/%s", rig->tree.path, *words + 1) : xstrdup(*words);
    argv[argc] = NULL;
}

static int open_output(const struct rig *rig, const char *name)
{
    return tree_ok(openat(rig->tree.fd, name, O_RDWR | O_CREAT | O_TRUNC, 0600), name);
}

/* In the child. out_fd -1: stdout is closed. */
static void become(const struct rig *rig, const char *const *words, int out_fd, int err_fd)
{
    static const char *const unset[] = {
        "ONEKEY_TOKEN",    "ONEKEY_TOKEN_FILE", "ONEKEY_API_URL",    "http_proxy",
        "STATE_DIRECTORY", "RUNTIME_DIRECTORY", "ONEKEY_TENANT_NAME"};
    char *argv[WORDS_MAX + 2];

    make_argv(rig, words, argv);
    for (size_t i = 0; i < COUNT_OF(unset); i++)
        unsetenv(unset[i]);
    setenv("ONEKEY_AGENT_CONFIG", rig->config, 1);
    setenv("SUDO_USER", "eva", 1);
    setenv(IS_PROGRAM, "1", 1);
    close(STDOUT_FILENO);
    if (out_fd >= 0)
        dup2(out_fd, STDOUT_FILENO);
    dup2(err_fd, STDERR_FILENO);
    execv("/proc/self/exe", argv);
    _exit(99);
}

static char *read_output(int fd)
{
    auto_buf struct buf buf = {.max = OUTPUT_MAX};
    struct err err;

    lseek(fd, 0, SEEK_SET);
    assert_true(buf_read_fd(&buf, fd, &err));
    close(fd);
    return xstrndup(buf.size ? buf.bytes : "", buf.size);
}

static void call_to(struct rig *rig, const char *const *words, int out_fd)
{
    int err_fd = open_output(rig, "stderr");
    int status;

    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        become(rig, words, out_fd, err_fd);
    assert_int_equal(waitpid(child, &status, 0), child);
    rig->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    free(rig->err);
    rig->err = read_output(err_fd);
}

static void call(struct rig *rig, const char *const *words)
{
    int out_fd = open_output(rig, "stdout");

    call_to(rig, words, out_fd);
    free(rig->out);
    rig->out = read_output(out_fd);
}

struct want {
    const char *why;
    const char *words[WORDS_MAX];
    int exit_code;
    const char *out; /* is in it; "" for nothing at all */
    const char *err; /* likewise; NULL: not looked at */
};

static bool has(const char *text, const char *part)
{
    return *part ? strstr(text, part) != NULL : *text == '\0';
}

static void each_gives(struct rig *rig, const struct want *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct want *row = &rows[i];

        call(rig, row->words);
        if (rig->exit_code != row->exit_code || !has(rig->out, row->out) ||
            (row->err && !has(rig->err, row->err)))
            fail_msg("%s: exit %d\n--- stdout\n%s--- stderr\n%s", row->why, rig->exit_code,
                     rig->out, rig->err);
        if (strstr(rig->out, "5ecret") || strstr(rig->err, "5ecret"))
            fail_msg("%s: the token is told", row->why);
    }
}

/* ---- what is asked for ---- */

static void results_go_to_stdout_and_the_rest_to_stderr(void **state)
{
    static const struct want rows[] = {
        {"help", {"--help"}, 0, "Build servers:\n", ""},
        {"help of a command", {"once", "--help"}, 0, "--dry-run", ""},
        {"help of a group", {"config", "--help"}, 0, "config show", ""},
        {"version", {"--version"}, 0, "onekey-agent " AGENT_VERSION, ""},
        {"nothing", {NULL}, 64, "", "onekey-agent: no command is given\n"},
        {"usage", {"stauts"}, 64, "", "did you mean status?"},
        {"usage of a command", {"pause"}, 64, "", "try: onekey-agent pause --help\n"},
        {"status", {"status"}, 0, "onekey-agent " AGENT_VERSION ": stopped\n", ""},
        {"status as JSON", {"status", "--json"}, 0, "\"state\": \"stopped\"", ""},
        {"its check", {"status", "--check"}, 69, "stopped", ""},
        {"no items", {"list-firmwares"}, 0, "", "nothing is known that fits\n"},
        {"no items, quiet", {"list-firmwares", "-q"}, 0, "", ""},
        {"no items as JSON", {"list-firmwares", "--json", "-q"}, 0, "[]\n", ""},
        {"no such state", {"list-firmwares", "--state", "dnoe"}, 64, "", "did you mean done"},
        {"unknown", {"show", "@none"}, 66, "", "nothing is known of /"},
        {"unknown as JSON", {"show", "@none", "--json"}, 66, "", "nothing is known of /"},
        {"the configuration", {"config", "show"}, 0, "name: release  # /", ""},
        {"as JSON", {"config", "show", "--json"}, 0, "\"watch[0].name\": {", ""},
        {"no daemon to scan", {"rescan"}, 69, "", "no daemon runs"},
        {"nothing to retry", {"retry", "--failed"}, 66, "", "there is no ledger yet"},
    };
    struct rig *rig = *state;

    each_gives(rig, rows, COUNT_OF(rows));
    assert_int_equal(faccessat(rig->tree.fd, "state", F_OK, 0), -1);
}

static void a_pause_is_made_told_and_lifted_without_a_daemon(void **state)
{
    static const struct want rows[] = {
        {"pause", {"pause", "--reason", "line down"}, 0, "paused: line down\n", ""},
        {"by the person behind sudo", {"status"}, 0, "line down", ""},
        {"again", {"pause", "--reason", "still"}, 0, "already paused", ""},
        {"once says so", {"--token-file", "@token", "once"}, 75, "", "paused"},
        {"resume", {"resume", "--json"}, 0, "\"changed\": 1", ""},
        {"not paused", {"status"}, 0, "stopped", ""},
    };

    each_gives(*state, rows, COUNT_OF(rows));
}

static void rows_of_the_ledger_are_listed_and_steered(void **state)
{
    static const struct want rows[] = {
        {"as text", {"list-firmwares"}, 0, "failed", ""},
        {"as JSON", {"list-firmwares", "--json"}, 0, "\"error\":\"HTTP 413\"", ""},
        {"a filter", {"list-firmwares", "--state", "done"}, 0, "", "nothing is known that fits"},
        {"since", {"list-firmwares", "--since", "1d"}, 0, "", "nothing is known that fits"},
        {"a limit", {"list-firmwares", "--limit", "1"}, 0, "fw.bin", ""},
        {"one", {"show", "@builds/fw.bin"}, 0, "HTTP 413", ""},
        {"one as JSON", {"show", "@builds/fw.bin", "--json"}, 0, "\"first_error\":null", ""},
        {"why", {"explain", "@builds/fw.bin"}, 0, "next        nothing until retry\n", ""},
        {"again", {"retry", "@builds/fw.bin"}, 0, "(failed -> settling)\n", ""},
        {"too late", {"retry", "@builds/fw.bin", "--assume", "missing"}, 64, "", "unconfirmed"},
        {"away", {"forget", "@builds/fw.bin"}, 0, "forgotten (1 row)", ""},
        {"twice", {"forget", "@builds/fw.bin"}, 66, "", "nothing is known"},
    };
    struct rig *rig = *state;
    struct err err;
    auto_free char *dir = xasprintf("%s/state", rig->tree.path);
    struct ledger *ledger = ledger_open(dir, 0, &err);
    auto_item struct item item = {.state = ITEM_FAILED, .current = 1, .size = 5, .found_at = 1};

    assert_non_null(ledger);
    item.watch = xstrdup("release");
    item.path = xasprintf("%s/builds/fw.bin", rig->tree.path);
    item.error = xstrdup("HTTP 413");
    assert_true(item_save(ledger_db(ledger), &item, &err));
    assert_true(db_commit(ledger_db(ledger), &err));
    ledger_close(ledger);
    each_gives(rig, rows, COUNT_OF(rows));
}

static void the_platform_is_asked_about_the_token(void **state)
{
    static const struct want rows[] = {
        {"from a file", {"--token-file", "@token", "token", "check"}, 0, "source       file /", ""},
        {"as JSON",
         {"--token-file", "@token", "token", "check", "--json"},
         0,
         "\"email\": \"ci@acme.example\"",
         ""},
        {"on the command line", {"--token", TOKEN, "token", "check"}, 0, "Acme", "is safer\n"},
        {"without the notice", {"--token", TOKEN, "token", "check", "-q"}, 0, "Acme", ""},
        {"whose", {"--token-file", "@token", "list-tenants"}, 0, "Acme\n", ""},
        {"whose as JSON",
         {"--token-file", "@token", "list-tenants", "--json"},
         0,
         "[{\"name\":\"Acme\",\"email\":\"ci@acme.example\"}]\n",
         ""},
        {"none", {"token", "check"}, 77, "", "there is no token"},
        {"refused", {"--token", "wrong", "token", "check"}, 77, "", "is refused: it expired or"},
        {"no file", {"--token-file", "@none", "token", "check"}, 77, "", "token file"},
        {"another tenant",
         {"--token-file", "@token", "--tenant", "Other", "token", "check"},
         78,
         "",
         "belongs to tenant Acme"},
    };

    each_gives(*state, rows, COUNT_OF(rows));
}

static void a_configuration_is_checked_to_its_globs(void **state)
{
    static const struct want good[] = {
        {"offline", {"config", "check"}, 0, "configuration is valid\n", ""},
        {"as JSON", {"config", "check", "--json"}, 0, "\"valid\": true", ""},
        {"no token", {"config", "check", "--online"}, 77, "", "there is no token"},
        {"a group that is not there",
         {"--token-file", "@token", "config", "check", "--online"},
         78,
         "",
         "analysis_configuration: "},
        {"no file", {"-c", "@none", "config", "check"}, 78, "", "named by --config"},
        {"no file as JSON",
         {"-c", "@none", "config", "check", "--json"},
         78,
         "\"errors\": [\n",
         "named by --config"},
    };
    static const struct want bad[] = {
        {"a pattern", {"config", "check"}, 78, "", "agent.yaml:10:12: match: parse pattern"},
        {"as JSON", {"config", "check", "--json"}, 78, "agent.yaml:10:12: match: ", "1 error\n"},
        {"explain needs it", {"explain", "@builds/fw.bin"}, 78, "", "agent.yaml:10:12: match: "},
    };
    static const struct want worse[] = {
        {"status needs none of it, but all has to be right",
         {"status"},
         78,
         "",
         "agent.yaml:10:5: "},
        {"all of it", {"config", "check"}, 78, "", "the configuration has 2 errors\n"},
    };
    struct rig *rig = *state;

    each_gives(rig, good, COUNT_OF(good));
    write_config(rig, "    match: '('\n");
    each_gives(rig, bad, COUNT_OF(bad));
    write_config(rig, "    mtach: '('\n    settel: 1s\n");
    each_gives(rig, worse, COUNT_OF(worse));
}

static void a_path_is_explained_with_and_without_a_file(void **state)
{
    static const struct want rows[] = {
        {"a file", {"explain", "@builds/fw.bin"}, 0, "rule        taken: included by", ""},
        {"none", {"explain", "@builds/x/y.bin"}, 0, "does not exist: judged by its name", ""},
        {"not taken", {"explain", "@builds/a.txt"}, 0, "not taken: not matched by any", ""},
        {"elsewhere", {"explain", "/etc/passwd"}, 0, "nothing: no watch covers it\n", ""},
        {"as JSON", {"explain", "@builds/fw.bin", "--json"}, 0, "\"ledger\": []", ""},
    };

    each_gives(*state, rows, COUNT_OF(rows));
}

static void a_dry_run_lists_and_sends_nothing(void **state)
{
    static const struct want rows[] = {
        {"as text",
         {"--token-file", "@token", "once", "--dry-run"},
         0,
         "/builds/fw.bin\n",
         "1 file would be sent, 5 B, 0 would fail; nothing was sent or changed\n"},
        {"as JSON",
         {"--token-file", "@token", "once", "--dry-run", "--json", "-q"},
         0,
         "\"product\":\"Router\"",
         ""},
    };
    struct rig *rig = *state;

    each_gives(rig, rows, COUNT_OF(rows));
    auto_json json_t *list = printed_json(rig->out);
    assert_int_equal(json_array_size(list), 1);
    assert_null(strstr(rig->peer.body, "createFirmwareUpload"));
}

static void a_pass_that_cannot_begin_has_no_summary(void **state)
{
    static const struct want rows[] = {
        {"a state directory that is a file",
         {"--token-file", "@token", "--state-dir", "@token", "once"},
         74,
         "",
         "token"},
        {"not even as JSON",
         {"--token-file", "@token", "--state-dir", "@token", "once", "--json", "-q"},
         74,
         "",
         "token"},
    };
    struct rig *rig = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        each_gives(rig, &rows[i], 1);
        printed_lacks(rows[i].why, rig->err, " known: ");
    }
}

static void a_daemon_needs_its_certificates_checked(void **state)
{
    static const struct want rows[] = {
        {"the option", {"run", "--disable-tls-verify"}, 64, "", "run refuses"},
        {"loud for the others", {"--disable-tls-verify", "-q", "status"}, 0, "stopped", "WARNING"},
    };
    static const struct want by_environment[] = {
        {"the environment", {"run"}, 78, "", "ONEKEY_DISABLE_TLS_VERIFY"},
    };
    struct rig *rig = *state;

    each_gives(rig, rows, COUNT_OF(rows));
    setenv("ONEKEY_DISABLE_TLS_VERIFY", "1", 1);
    each_gives(rig, by_environment, COUNT_OF(by_environment));
    unsetenv("ONEKEY_DISABLE_TLS_VERIFY");
}

/* ---- where it goes ---- */

static void a_result_that_is_lost_is_74(void **state)
{
    static const char *const words[] = {"config", "show", NULL};
    struct rig *rig = *state;
    int full = open("/dev/full", O_WRONLY);
    int ends[2];

    call_to(rig, words, full);
    close(full);
    assert_int_equal(rig->exit_code, 74);
    printed_wants("why", rig->err, "stdout: No space left on device\n");

    call_to(rig, words, -1);
    assert_int_equal(rig->exit_code, 74);
    printed_wants("why", rig->err, "stdout: Bad file descriptor\n");

    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    call_to(rig, words, ends[1]);
    close(ends[1]);
    assert_int_equal(rig->exit_code, 74);
    assert_string_equal(rig->err, "");
}

int main(int argc, char **argv)
{
    if (getenv(IS_PROGRAM))
        return cli_main(argc, argv);

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)
    const struct CMUnitTest tests[] = {
        TEST(results_go_to_stdout_and_the_rest_to_stderr),
        TEST(a_pause_is_made_told_and_lifted_without_a_daemon),
        TEST(rows_of_the_ledger_are_listed_and_steered),
        TEST(the_platform_is_asked_about_the_token),
        TEST(a_configuration_is_checked_to_its_globs),
        TEST(a_path_is_explained_with_and_without_a_file),
        TEST(a_dry_run_lists_and_sends_nothing),
        TEST(a_pass_that_cannot_begin_has_no_summary),
        TEST(a_daemon_needs_its_certificates_checked),
        TEST(a_result_that_is_lost_is_74),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
