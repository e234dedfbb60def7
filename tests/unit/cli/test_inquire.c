#include "test.h"

#include <pthread.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/mem.h"
#include "cli/inquire.h"
#include "cli/row.h"
#include "cli/state.h"
#include "control/answer.h"
#include "store/item.h"
#include "store/ledger.h"
#include "tree.h"

enum { NOBODY = 65534 };

struct rig {
    struct tree tree;
    char state_dir[128];
    struct inquire inquire;
    json_t *rows;
    struct err err;
};

static int make(void **state)
{
    struct rig *rig = calloc(1, sizeof *rig);

    tree_make(&rig->tree);
    snprintf(rig->state_dir, sizeof rig->state_dir, "%s/state", rig->tree.path);
    unsetenv("RUNTIME_DIRECTORY");
    rig->inquire.state_dir = rig->state_dir;
    rig->rows = json_array();
    *state = rig;
    return 0;
}

static int drop(void **state)
{
    struct rig *rig = *state;

    json_decref(rig->rows);
    tree_clear(AT_FDCWD, rig->tree.path);
    close(rig->tree.fd);
    free(rig);
    return 0;
}

static bool on_row(void *owner, json_t *row, struct err *err)
{
    (void)err;
    json_array_append(owner, row);
    return true;
}

static int ask(struct rig *rig, const char *command, json_t *take_arguments)
{
    rig->inquire.command = command;
    rig->inquire.arguments = take_arguments;
    json_array_clear(rig->rows);
    int exit_code = inquire(&rig->inquire, on_row, rig->rows, &rig->err);
    json_decref(take_arguments);
    return exit_code;
}

static struct ledger *open_ledger(struct rig *rig)
{
    struct ledger *ledger = ledger_open(rig->state_dir, 0, &rig->err);

    if (!ledger)
        fail_msg("%s", rig->err.message);
    return ledger;
}

static void without_a_ledger_status_is_stopped_and_nothing_is_made(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(ask(rig, "status", NULL), 0);
    assert_string_equal(row_string(json_array_get(rig->rows, 0), "state"), "stopped");
    assert_int_equal(ask(rig, "list-firmwares", NULL), 0);
    assert_int_equal(json_array_size(rig->rows), 0);
    assert_int_equal(access(rig->state_dir, F_OK), -1);
}

static void without_a_daemon_check_is_69_without_a_word(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(ask(rig, "status", json_pack("{s:b}", "check", 1)), 69);
    assert_string_equal(rig->err.message, "");
}

static void only_what_may_makes_a_ledger(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(ask(rig, "resume", NULL), 66);
    assert_int_equal(access(rig->state_dir, F_OK), -1);
    rig->inquire.makes_ledger = true;
    assert_int_equal(ask(rig, "pause", json_pack("{s:s,s:s}", "reason", "test", "by", "eva")), 0);
    rig->inquire.makes_ledger = false;
    assert_int_equal(ask(rig, "status", NULL), 0);
    const json_t *pauses = json_object_get(json_array_get(rig->rows, 0), "pauses");
    assert_string_equal(row_string(json_array_get(pauses, 0), "by"), "eva");
    assert_int_equal(ask(rig, "resume", NULL), 0);
}

static void rows_come_from_the_ledger(void **state)
{
    struct rig *rig = *state;
    struct ledger *ledger = open_ledger(rig);

    for (int i = 0; i < 200; i++) {
        auto_item struct item item = {.state = ITEM_DONE, .current = 1, .size = 1, .found_at = 1};

        item.watch = xstrdup("release");
        item.path = xasprintf("/srv/%03d.bin", i);
        assert_true(item_save(ledger_db(ledger), &item, &rig->err));
    }
    assert_true(db_commit(ledger_db(ledger), &rig->err));
    ledger_close(ledger);
    assert_int_equal(ask(rig, "list-firmwares", NULL), 0);
    assert_int_equal(json_array_size(rig->rows), 200);
    assert_int_equal(ask(rig, "list-firmwares", json_pack("{s:i}", "limit", 7)), 0);
    assert_int_equal(json_array_size(rig->rows), 7);
    assert_int_equal(ask(rig, "show", json_pack("{s:s}", "what", "/srv/none.bin")), 66);
    assert_non_null(strstr(rig->err.message, "/srv/none.bin"));
}

static void a_ledger_that_is_held_is_75_after_the_wait(void **state)
{
    struct rig *rig = *state;
    struct ledger *ledger = open_ledger(rig);
    int64_t start_ms = clock_steady_ms();

    rig->inquire.lock_wait_ms = 700;
    assert_int_equal(ask(rig, "status", NULL), 75);
    assert_true(clock_steady_ms() - start_ms >= 700);
    assert_true(strlen(rig->err.message) > 0);
    ledger_close(ledger);
    assert_int_equal(ask(rig, "status", NULL), 0);
}

static bool refuse_row(void *owner, json_t *row, struct err *err)
{
    (void)row;
    ++*(int *)owner;
    return err_set(err, ERR_IO, "%s", "");
}

static void a_reader_that_is_full_ends_the_rows(void **state)
{
    struct rig *rig = *state;
    int rows = 0;

    rig->inquire.command = "status";
    assert_int_equal(inquire(&rig->inquire, refuse_row, &rows, &rig->err), 74);
    assert_int_equal(rows, 1);
}

static void a_directory_of_others_is_not_an_empty_one(void **state)
{
    struct rig *rig = *state;

    uid_t user = getuid();

    tree_dir(&rig->tree, "state");
    assert_int_equal(chmod(rig->state_dir, 0), 0);
    assert_int_equal(chmod(rig->tree.path, 0755), 0);
    if (user == 0) /* who looks everywhere */
        assert_int_equal(setresuid(NOBODY, NOBODY, 0), 0);
    int exit_code = ask(rig, "status", NULL);
    if (user == 0)
        assert_int_equal(setresuid(0, 0, 0), 0);
    chmod(rig->state_dir, 0700);
    assert_int_equal(exit_code, 74);
    assert_non_null(strstr(rig->err.message, rig->state_dir));
}

/* ---- through a daemon ---- */

/* One caller is served in a thread: its request is kept, the script is the answer. */
struct daemon {
    int listener;
    const char *script;
    char request[4096];
    pthread_t thread;
};

static void *serve(void *owner)
{
    struct daemon *daemon = owner;
    int fd = accept(daemon->listener, NULL, NULL);
    ssize_t size = recv(fd, daemon->request, sizeof daemon->request - 1, 0);

    daemon->request[size > 0 ? size : 0] = '\0';
    (void)send(fd, daemon->script, strlen(daemon->script), MSG_NOSIGNAL);
    close(fd);
    return NULL;
}

static void daemon_start(struct daemon *daemon, const struct rig *rig, const char *script)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    *daemon = (struct daemon){.script = script};
    tree_dir(&rig->tree, "state");
    auto_free char *path = xasprintf("%s/control.sock", rig->state_dir);
    assert_true(strlen(path) < sizeof address.sun_path);
    memcpy(address.sun_path, path, strlen(path));
    daemon->listener = tree_ok(socket(AF_UNIX, SOCK_STREAM, 0), "socket");
    tree_ok(bind(daemon->listener, (struct sockaddr *)&address, sizeof address), "bind");
    tree_ok(listen(daemon->listener, 1), "listen");
    pthread_create(&daemon->thread, NULL, serve, daemon);
}

static void daemon_stop(struct daemon *daemon)
{
    pthread_join(daemon->thread, NULL);
    close(daemon->listener);
}

static void a_daemon_is_asked_first(void **state)
{
    struct rig *rig = *state;
    struct daemon daemon;

    daemon_start(&daemon, rig,
                 "{\"row\":{\"state\":\"running\"}}\n"
                 "{\"end\":{\"exit\":0,\"error\":null}}\n");
    assert_int_equal(ask(rig, "status", json_pack("{s:b}", "check", 1)), 0);
    daemon_stop(&daemon);
    assert_string_equal(row_string(json_array_get(rig->rows, 0), "state"), "running");
    auto_json json_t *request = json_loads(daemon.request, 0, NULL);
    assert_string_equal(row_string(request, "command"), "status");
    assert_true(json_is_true(json_object_get(json_object_get(request, "arguments"), "check")));
    assert_false(ledger_exists(rig->state_dir));
}

static void its_end_is_the_exit_code_and_the_message(void **state)
{
    static const struct {
        const char *why;
        const char *script;
        int exit_code;
        const char *message;
    } rows[] = {
        {"why", "{\"end\":{\"exit\":66,\"error\":\"nothing is known\"}}\n", 66, "nothing is known"},
        {"without a word", "{\"end\":{\"exit\":75,\"error\":null}}\n", 75, ""},
        {"it went away", "{\"row\":{}}\n", 74, "the agent went away"},
        {"not understood", "hello\n", 76, ""},
    };
    struct rig *rig = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct daemon daemon;

        daemon_start(&daemon, rig, rows[i].script);
        int exit_code = ask(rig, "show", json_pack("{s:s}", "what", "x"));
        daemon_stop(&daemon);
        tree_clear(rig->tree.fd, "state");
        if (exit_code != rows[i].exit_code || !strstr(rig->err.message, rows[i].message))
            fail_msg("%s: %d, %s", rows[i].why, exit_code, rig->err.message);
    }
}

/* ---- paths that people type ---- */

static void paths_become_those_of_the_ledger(void **state)
{
    static const struct {
        const char *why;
        const char *typed;
        const char *want;
    } rows[] = {
        {"absolute", "/srv/fw.bin", "/srv/fw.bin"},
        {"doubled slashes", "//srv///fw.bin", "/srv/fw.bin"},
        {"dots", "/srv/./a/../fw.bin", "/srv/fw.bin"},
        {"above the root", "/../../srv", "/srv"},
        {"a slash at the end", "/srv/", "/srv"},
        {"the root", "/", "/"},
        {"names that only look like dots", "/srv/...", "/srv/..."},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err;
        auto_free char *path = state_path(rows[i].typed, &err);

        if (strcmp(path, rows[i].want) != 0)
            fail_msg("%s: %s, want %s", rows[i].why, path, rows[i].want);
    }
}

static void a_relative_path_begins_here(void **state)
{
    struct rig *rig = *state;
    char here[256];
    struct err err;

    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(rig->tree.path), 0);
    setenv("PWD", rig->tree.path, 1);
    auto_free char *path = state_path("sub/../fw.bin", &err);
    auto_free char *want = xasprintf("%s/fw.bin", rig->tree.path);
    assert_int_equal(chdir(here), 0);
    assert_string_equal(path, want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_a_ledger_status_is_stopped_and_nothing_is_made,
                                        make, drop),
        cmocka_unit_test_setup_teardown(without_a_daemon_check_is_69_without_a_word, make, drop),
        cmocka_unit_test_setup_teardown(only_what_may_makes_a_ledger, make, drop),
        cmocka_unit_test_setup_teardown(rows_come_from_the_ledger, make, drop),
        cmocka_unit_test_setup_teardown(a_ledger_that_is_held_is_75_after_the_wait, make, drop),
        cmocka_unit_test_setup_teardown(a_reader_that_is_full_ends_the_rows, make, drop),
        cmocka_unit_test_setup_teardown(a_directory_of_others_is_not_an_empty_one, make, drop),
        cmocka_unit_test_setup_teardown(a_daemon_is_asked_first, make, drop),
        cmocka_unit_test_setup_teardown(its_end_is_the_exit_code_and_the_message, make, drop),
        cmocka_unit_test(paths_become_those_of_the_ledger),
        cmocka_unit_test_setup_teardown(a_relative_path_begins_here, make, drop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
