#include "test.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/log.h"
#include "control/station.h"

static void the_client_hears_how_it_ended(void **state)
{
    static const struct {
        const char *why;
        const char *command;
        const char *arguments;
        int exit;
        const char *error;
        size_t rows;
    } rows[] = {
        {"a row and a good end", "status", NULL, 0, "", 1},
        {"an exit code without an error", "status", "{\"check\":true}", 69, "", 1},
        {"an error", "forget", "{\"path\":\"/srv/none\"}", 66,
         "nothing is known of /srv/none: list-firmwares shows what is, explain says why a file is "
         "not taken",
         0},
        {"a change", "pause", "{\"reason\":\"line is down\"}", 0, "", 1},
        {"not a command", "reboot", NULL, 64, "unknown command: reboot", 0},
    };
    struct station station;
    struct err err;

    (void)state;
    station_open(&station, "");
    assert_true(station_listen(&station, NULL, &err));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_json json_t *arguments =
            rows[i].arguments ? json_loads(rows[i].arguments, 0, NULL) : NULL;
        struct caller caller = {
            .request = {.command = rows[i].command,
                        .arguments = arguments,
                        .state_dir = station.dir},
        };

        callers_start(&caller, 1);
        callers_finish(&station, &caller, 1);
        if (caller.outcome != CONTROL_ANSWERED || caller.end.exit != rows[i].exit ||
            strcmp(caller.end.error, rows[i].error) != 0 || caller.rows != rows[i].rows)
            fail_msg("%s: outcome %d, exit %d, %zu rows, %s", rows[i].why, (int)caller.outcome,
                     caller.end.exit, caller.rows, caller.end.error);
    }
    station_close(&station);
}

static void a_state_directory_with_a_long_path_works(void **state)
{
    struct station station;
    char below[202];
    struct err err;

    (void)state;
    memset(below, 'd', sizeof below - 1);
    below[0] = '/';
    below[sizeof below - 1] = '\0';
    station_open(&station, below);
    assert_true(strlen(station.dir) > sizeof((struct sockaddr_un *)0)->sun_path);
    assert_true(station_listen(&station, NULL, &err));
    struct caller caller = {.request = {.command = "status", .state_dir = station.dir}};
    callers_start(&caller, 1);
    callers_finish(&station, &caller, 1);
    assert_int_equal(caller.outcome, CONTROL_ANSWERED);
    station_close(&station);
}

static void where_no_agent_is_the_caller_is_told_so(void **state)
{
    struct station station;
    struct station other;
    struct err err;

    (void)state;
    station_open(&station, "");
    station_open(&other, "");
    struct caller none = {.request = {.command = "status", .state_dir = station.dir}};
    assert_int_equal(control_client_ask(&none.request, on_row, &none, &none.end, &none.err),
                     CONTROL_NO_DAEMON);
    /* $RUNTIME_DIRECTORY leads to an agent, but to one with other state. */
    assert_true(station_listen(&other, NULL, &err));
    assert_int_equal(setenv("RUNTIME_DIRECTORY", other.dir, 1), 0);
    struct caller passed_by = {.request = {.command = "status", .state_dir = station.dir}};
    callers_start(&passed_by, 1);
    callers_finish(&other, &passed_by, 1);
    assert_int_equal(passed_by.outcome, CONTROL_NO_DAEMON);
    struct caller meant = {.request = {.command = "status", .state_dir = other.dir}};
    callers_start(&meant, 1);
    callers_finish(&other, &meant, 1);
    assert_int_equal(meant.outcome, CONTROL_ANSWERED);
    unsetenv("RUNTIME_DIRECTORY");
    station_close(&station);
    station_close(&other);
}

static void an_agent_that_hangs_or_dies_is_an_error(void **state)
{
    struct station station;
    struct control_socket made;
    struct err err;

    (void)state;
    station_open(&station, "");
    assert_true(control_socket_make(station.dir_fd, NULL, &made, &err));
    assert_int_equal(listen(made.fd, 4), 0);
    struct caller hangs = {
        .request = {.command = "status", .state_dir = station.dir, .timeout_ms = 50}};
    assert_int_equal(control_client_ask(&hangs.request, on_row, &hangs, &hangs.end, &hangs.err),
                     CONTROL_FAILED);
    assert_int_equal(hangs.err.kind, ERR_BUSY);
    close(accept(made.fd, NULL, NULL));
    struct caller dies = {.request = {.command = "status", .state_dir = station.dir}};
    callers_start(&dies, 1);
    fcntl(made.fd, F_SETFL, 0);
    int fd = accept(made.fd, NULL, NULL);
    assert_int_equal(send(fd, "{\"row\":{}}\n", 11, MSG_NOSIGNAL), 11);
    close(fd);
    pthread_join(dies.thread, NULL);
    assert_int_equal(dies.outcome, CONTROL_FAILED);
    assert_int_equal(dies.err.kind, ERR_IO);
    assert_int_equal(dies.rows, 1);
    close(made.fd);
    control_socket_remove(station.dir_fd, &made);
    station_close(&station);
}

/* In a process of its own: whoever may do everything becomes nobody first. */
static void ask_as_nobody(struct station *station, struct caller *caller)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        if (setgid(65534) != 0 || setuid(65534) != 0)
            _exit(1);
        call(caller);
        _exit(write(ends[1], caller, sizeof *caller) != sizeof *caller);
    }
    int status;
    while (waitpid(child, &status, WNOHANG) == 0)
        uv_run(&station->loop, UV_RUN_NOWAIT);
    assert_int_equal(status, 0);
    assert_int_equal(read(ends[0], caller, sizeof *caller), sizeof *caller);
    close(ends[0]);
    close(ends[1]);
}

static void who_may_not_connect_hears_who_may(void **state)
{
    struct station station;
    struct station own;
    struct err err;

    (void)state;
    if (geteuid() != 0)
        skip();
    station_open(&station, "");
    station_open(&own, "");
    assert_true(station_listen(&station, NULL, &err));
    struct caller shut_out = {.request = {.command = "status", .state_dir = station.dir}};
    ask_as_nobody(&station, &shut_out);
    assert_int_equal(shut_out.outcome, CONTROL_FAILED);
    assert_int_equal(shut_out.err.kind, ERR_IO);
    assert_non_null(strstr(shut_out.err.message, "it is for user root and group root"));
    /* Somebody else's agent is no reason not to work with one's own state. */
    assert_int_equal(chown(own.dir, 65534, 65534), 0);
    assert_int_equal(setenv("RUNTIME_DIRECTORY", station.dir, 1), 0);
    struct caller elsewhere = {.request = {.command = "status", .state_dir = own.dir}};
    ask_as_nobody(&station, &elsewhere);
    assert_int_equal(elsewhere.outcome, CONTROL_NO_DAEMON);
    unsetenv("RUNTIME_DIRECTORY");
    station_close(&station);
    station_close(&own);
}

static void a_request_of_over_64_kib_is_not_sent(void **state)
{
    struct station station;
    auto_json json_t *arguments = json_object();
    auto_free char *text = xcalloc(1, 70001);
    struct err err;

    (void)state;
    station_open(&station, "");
    assert_true(station_listen(&station, NULL, &err));
    memset(text, 'x', 70000);
    json_object_set_new(arguments, "reason", json_string(text));
    struct caller caller = {
        .request = {.command = "pause", .arguments = arguments, .state_dir = station.dir}};
    callers_start(&caller, 1);
    callers_finish(&station, &caller, 1);
    assert_int_equal(caller.outcome, CONTROL_FAILED);
    assert_int_equal(caller.err.kind, ERR_USAGE);
    station_close(&station);
}

static void files_reach_the_agent_that_is_meant_and_stay_open_here(void **state)
{
    struct station station;
    struct station other;
    char name[] = "/tmp/onekey-agent-test-XXXXXX";
    auto_fd int file = mkostemp(name, O_CLOEXEC);
    char text[8] = "";
    struct err err;

    (void)state;
    assert_true(file >= 0 && unlink(name) == 0 && write(file, "image", 5) == 5);
    station_open(&station, "");
    station_open(&other, "");
    assert_true(station_listen(&other, NULL, &err));
    assert_true(station_listen(&station, NULL, &err));
    station.takes[0] = other.takes[0] = true;
    assert_int_equal(setenv("RUNTIME_DIRECTORY", other.dir, 1), 0); /* asked first */
    struct caller caller = {
        .request = {
            .command = "status", .state_dir = station.dir, .files = &file, .file_count = 1}};
    callers_start(&caller, 1);
    int64_t until = now_ms() + PATIENCE_MS;
    while (!all_done(&caller, 1) && now_ms() < until) {
        uv_run(&other.loop, UV_RUN_NOWAIT);
        uv_run(&station.loop, UV_RUN_NOWAIT);
    }
    pthread_join(caller.thread, NULL);
    unsetenv("RUNTIME_DIRECTORY");
    assert_int_equal(caller.outcome, CONTROL_ANSWERED);
    assert_int_equal(other.answers, 0);
    assert_int_equal(station.files, 1);
    assert_int_not_equal(station.taken.fd[0], file);
    assert_int_equal(pread(station.taken.fd[0], text, sizeof text - 1, 0), 5);
    assert_string_equal(text, "image");
    assert_true(fcntl(file, F_GETFD) >= 0);
    station_close(&station);
    station_close(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_client_hears_how_it_ended),
        cmocka_unit_test(a_state_directory_with_a_long_path_works),
        cmocka_unit_test(where_no_agent_is_the_caller_is_told_so),
        cmocka_unit_test(an_agent_that_hangs_or_dies_is_an_error),
        cmocka_unit_test(who_may_not_connect_hears_who_may),
        cmocka_unit_test(a_request_of_over_64_kib_is_not_sent),
        cmocka_unit_test(files_reach_the_agent_that_is_meant_and_stay_open_here),
    };

    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT, false);
    unsetenv("RUNTIME_DIRECTORY");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
