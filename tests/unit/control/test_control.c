#include "test.h"

#include <grp.h>
#include <malloc.h>

#include "base/log.h"
#include "control/station.h"

/* 0 where the allocator is a sanitizer's. */
static size_t allocated(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

static void what_is_no_request_is_answered_with_64(void **state)
{
    static const struct {
        const char *why;
        const char *request;
        const char *answer;
    } rows[] = {
        {"garbage", "GET / HTTP/1.1\r\n\r\n",
         "{\"end\":{\"exit\":64,\"error\":\"read a line: it is not a JSON object\"}}\n"},
        {"no version", "{}\n",
         "{\"end\":{\"exit\":64,\"error\":\"this agent speaks version 1 of the control protocol: "
         "after an update, restart it\"}}\n"},
        {"a version to come", "{\"v\":2,\"command\":\"status\"}\n",
         "{\"end\":{\"exit\":64,\"error\":\"this agent speaks version 1 of the control protocol: "
         "after an update, restart it\"}}\n"},
        {"no command", "{\"v\":1}\n",
         "{\"end\":{\"exit\":64,\"error\":\"the request has no command\"}}\n"},
        {"an unknown command", "{\"v\":1,\"command\":\"reboot\"}\n",
         "{\"end\":{\"exit\":64,\"error\":\"unknown command: reboot\"}}\n"},
        {"arguments that are none", "{\"v\":1,\"command\":\"status\",\"arguments\":7}\n",
         "{\"end\":{\"exit\":64,\"error\":\"the request's arguments are no object\"}}\n"},
        {"a state directory that is none", "{\"v\":1,\"command\":\"status\",\"state_dir\":1}\n",
         "{\"end\":{\"exit\":64,\"error\":\"the request's state_dir is no text\"}}\n"},
        {"another agent's state directory",
         "{\"v\":1,\"command\":\"status\",\"state_dir\":\"/elsewhere\"}\n",
         "{\"end\":{\"exit\":69,\"error\":\"this agent has another state directory\","
         "\"other_state_dir\":true}}\n"},
        {"a command that fails", "{\"v\":1,\"command\":\"show\",\"arguments\":{\"what\":\"x\"}}\n",
         "{\"end\":{\"exit\":66,\"error\":\"show: nothing is known of x: list-firmwares shows what "
         "is, explain says why a file is not taken\"}}\n"},
        {"more than one line is not read", "{\"v\":1,\"command\":\"a\"}\n{\"v\":1}\n",
         "{\"end\":{\"exit\":64,\"error\":\"unknown command: a\"}}\n"},
    };
    struct station station;
    struct err err;

    (void)state;
    station_open(&station, "");
    assert_true(station_listen(&station, NULL, &err));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_probe struct probe probe = probe_new(&station, rows[i].request);

        run_until_over(&station, &probe);
        if (strcmp(probe.text, rows[i].answer) != 0)
            fail_msg("%s: %s", rows[i].why, probe.text);
    }
    station_close(&station);
}

static void a_request_that_never_ends_is_cut_off(void **state)
{
    const struct control_options options = {.request_ms = 60};
    struct station station;
    struct err err;
    char *flood = xcalloc(1, 70001);

    (void)state;
    station_open(&station, "");
    assert_true(station_listen(&station, &options, &err));
    memset(flood, 'x', 70000);
    auto_probe struct probe endless = probe_new(&station, flood);
    auto_probe struct probe silent = probe_new(&station, NULL);
    auto_probe struct probe half = probe_new(&station, "{\"v\":1,");
    run_until_over(&station, &endless);
    assert_string_equal(endless.text,
                        "{\"end\":{\"exit\":64,\"error\":\"read a line: it is over 65536 "
                        "bytes\"}}\n");
    run_until_over(&station, &silent);
    run_until_over(&station, &half);
    assert_string_equal(silent.text,
                        "{\"end\":{\"exit\":64,\"error\":\"no request came in time\"}}\n");
    assert_string_equal(half.text, silent.text);
    assert_int_equal(station.answers, 0);
    free(flood);
    station_close(&station);
}

static void the_sixty_fifth_client_is_told_and_the_others_stay(void **state)
{
    enum { MAX = 64 };
    struct station station;
    struct probe probes[MAX];
    struct err err;

    (void)state;
    station_open(&station, "");
    assert_true(station_listen(&station, NULL, &err));
    for (size_t i = 0; i < MAX; i++) {
        probes[i] = probe_new(&station, NULL);
        uv_run(&station.loop, UV_RUN_NOWAIT);
    }
    auto_probe struct probe extra = probe_new(&station, "{\"v\":1,\"command\":\"status\"}\n");
    run_until_over(&station, &extra);
    assert_string_equal(extra.text,
                        "{\"end\":{\"exit\":75,\"error\":\"too many clients: try again\"}}\n");
    /* Places that get free are given away again; clients that just vanish do no harm. */
    for (size_t i = 0; i < MAX; i++) {
        if (i % 2)
            probe_release(&probes[i]);
    }
    uv_run(&station.loop, UV_RUN_NOWAIT);
    uv_run(&station.loop, UV_RUN_NOWAIT);
    auto_probe struct probe later = probe_new(&station, "{\"v\":1,\"command\":\"status\"}\n");
    run_until_over(&station, &later);
    assert_non_null(strstr(later.text, "{\"end\":{\"exit\":0,\"error\":null}}\n"));
    for (size_t i = 0; i < MAX; i += 2) {
        assert_int_equal(send(probes[i].fd, "x\n", 2, MSG_NOSIGNAL), 2);
        run_until_over(&station, &probes[i]);
        probe_release(&probes[i]);
    }
    station_close(&station);
}

static void run_until_asleep(struct station *station)
{
    int64_t until = now_ms() + PATIENCE_MS;

    do {
        uv_run(&station->loop, UV_RUN_NOWAIT);
        if (now_ms() > until)
            fail_msg("the loop does not come to rest");
    } while (uv_backend_timeout(&station->loop) == 0);
}

#define LISTING "{\"v\":1,\"command\":\"list-firmwares\"}\n"

static void who_does_not_read_costs_a_bounded_queue_and_is_dropped(void **state)
{
    enum { STUCK = 20, ROWS = 20000 };
    const struct control_options options = {.stall_ms = 400};
    struct station station;
    struct probe stuck[STUCK];
    struct err err;

    (void)state;
    station_open(&station, "");
    fill(station.db, ROWS);
    assert_true(station_listen(&station, &options, &err));
    for (size_t i = 0; i < STUCK; i++)
        stuck[i] = probe_new(&station, LISTING);
    size_t before = allocated();
    /* The first turns only take the calls. */
    for (int i = 0; i < 2 * STUCK; i++)
        uv_run(&station.loop, UV_RUN_NOWAIT);
    run_until_asleep(&station);
    size_t held = allocated() - before;
    if (held > (size_t)STUCK * 360 * 1024) /* 256 KiB and a slice wait, and an answer */
        fail_msg("%zu bytes for %d stuck clients", held, STUCK);
    assert_int_equal(station.answers, STUCK);
    /* They harm nobody: somebody else is answered at once. */
    auto_probe struct probe other = probe_new(&station, "{\"v\":1,\"command\":\"status\"}\n");
    run_until_over(&station, &other);
    assert_non_null(strstr(other.text, "\"done\":20000"));
    /* After the time without progress they are gone: what was sent can be read, no end. */
    int64_t until = now_ms() + 600;
    while (now_ms() < until) {
        uv_run(&station.loop, UV_RUN_NOWAIT);
        usleep(1000);
    }
    for (size_t i = 0; i < STUCK; i++) {
        probe_read(&stuck[i]);
        assert_true(stuck[i].over);
        assert_null(strstr(stuck[i].text, "\"end\""));
        probe_release(&stuck[i]);
    }
    station_close(&station);
}

static void a_slow_reader_that_does_read_gets_all_of_it(void **state)
{
    const struct control_options options = {.stall_ms = 200};
    struct station station;
    struct err err;
    size_t rows = 0;

    (void)state;
    station_open(&station, "");
    fill(station.db, 3000);
    assert_true(station_listen(&station, &options, &err));
    auto_probe struct probe probe = probe_new(&station, LISTING);
    int64_t began = now_ms();
    char last[64] = "";
    /* Slower in all than stall_ms, never as long without a read. */
    for (char room[32 * 1024];;) {
        ssize_t size = recv(probe.fd, room, sizeof room, 0);
        if (size == 0)
            break;
        for (ssize_t i = 0; i < size; i++)
            rows += room[i] == '\n';
        if (size >= (ssize_t)sizeof last)
            memcpy(last, room + size - sizeof last, sizeof last);
        int64_t until = now_ms() + 10;
        while (now_ms() < until)
            uv_run(&station.loop, UV_RUN_NOWAIT);
        assert_true(now_ms() - began < PATIENCE_MS);
    }
    assert_true(now_ms() - began > 250);
    assert_int_equal(rows, 3001);
    assert_int_equal(last[sizeof last - 1], '\n');
    station_close(&station);
}

static void two_long_listings_take_turns(void **state)
{
    struct station station;
    struct err err;

    (void)state;
    station_open(&station, "");
    fill(station.db, 1500);
    assert_true(station_listen(&station, NULL, &err));
    auto_probe struct probe one = probe_new(&station, LISTING);
    auto_probe struct probe other = probe_new(&station, LISTING);
    int64_t until = now_ms() + PATIENCE_MS;
    while (!one.over && !other.over && now_ms() < until) {
        uv_run(&station.loop, UV_RUN_NOWAIT);
        probe_read(&one);
        probe_read(&other);
    }
    /* When the first has all of it, the second is not far behind. */
    size_t whole = one.size > other.size ? one.size : other.size;
    size_t part = one.size + other.size - whole;
    if (!(one.over || other.over) || part < whole / 2)
        fail_msg("one has %zu bytes, the other %zu", whole, part);
    station_close(&station);
}

static void a_hundred_thousand_rows_are_streamed(void **state)
{
    enum { ROWS = 100000, CALLERS = 3 };
    struct station station;
    struct caller callers[CALLERS];
    struct err err;

    (void)state;
    station_open(&station, "");
    fill(station.db, ROWS);
    assert_true(station_listen(&station, NULL, &err));
    memset(callers, 0, sizeof callers);
    for (size_t i = 0; i < CALLERS; i++)
        callers[i].request =
            (struct control_request){.command = "list-firmwares", .state_dir = station.dir};
    /* One of them loses its own output in the middle. */
    callers[2].stop_after = 1000;
    size_t before = allocated();
    callers_start(callers, CALLERS);
    int64_t longest = callers_finish(&station, callers, CALLERS);
    size_t after = allocated();
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(callers[i].outcome, CONTROL_ANSWERED);
        assert_int_equal(callers[i].end.exit, 0);
        assert_string_equal(callers[i].end.error, "");
        assert_int_equal(callers[i].rows, ROWS);
        assert_non_null(strstr(callers[i].first, "firmware-image-99999.bin"));
    }
    assert_int_equal(callers[2].outcome, CONTROL_FAILED);
    assert_string_equal(callers[2].err.message, "write the result: full");
    if (after > before + (1 << 20))
        fail_msg("%zu bytes stayed", after - before);
    print_message("longest turn of the loop: %jd ms\n", (intmax_t)longest);
    assert_true(longest < 250); /* a slice, not the listing; sanitizers are slow */
    station_close(&station);
}

static void many_callers_at_once_are_all_answered(void **state)
{
    enum { CALLERS = 40 };
    struct station station;
    struct caller callers[CALLERS];
    struct err err;

    (void)state;
    station_open(&station, "");
    fill(station.db, 2000);
    assert_true(station_listen(&station, NULL, &err));
    memset(callers, 0, sizeof callers);
    for (size_t i = 0; i < CALLERS; i++)
        callers[i].request = (struct control_request){
            .command = i % 4 == 0 ? "status" : "list-firmwares", .state_dir = station.dir};
    callers_start(callers, CALLERS);
    callers_finish(&station, callers, CALLERS);
    for (size_t i = 0; i < CALLERS; i++) {
        assert_int_equal(callers[i].outcome, CONTROL_ANSWERED);
        assert_int_equal(callers[i].rows, i % 4 == 0 ? 1 : 2000);
    }
    station_close(&station);
}

/* ---- the file ---- */

static void the_socket_is_for_owner_and_group_whatever_the_umask(void **state)
{
    static const mode_t masks[] = {0, 022, 077, 0777};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(masks); i++) {
        struct station station;
        struct stat facts;
        struct err err;

        station_open(&station, "");
        mode_t before = umask(masks[i]);
        bool ok = station_listen(&station, NULL, &err);
        umask(before);
        assert_true(ok);
        assert_int_equal(fstatat(station.dir_fd, CONTROL_SOCKET_NAME, &facts, 0), 0);
        assert_true(S_ISSOCK(facts.st_mode));
        assert_int_equal(facts.st_mode & 07777, 0660);
        assert_int_equal(facts.st_uid, geteuid());
        station_close(&station);
    }
}

static void the_group_is_by_name(void **state)
{
    const struct group *own = getgrgid(getegid());
    struct control_options options = {.group = own ? own->gr_name : "root"};
    struct station station;
    struct stat facts;
    struct err err = {.kind = ERR_OK};

    (void)state;
    station_open(&station, "");
    assert_true(station_listen(&station, &options, &err));
    assert_int_equal(fstatat(station.dir_fd, CONTROL_SOCKET_NAME, &facts, 0), 0);
    assert_int_equal(facts.st_gid, getegid());
    station_stop(&station);
    options.group = "no-such-group-here";
    assert_false(station_listen(&station, &options, &err));
    assert_int_equal(err.kind, ERR_CONFIG);
    assert_string_equal(err.message,
                        "control socket: control.group: there is no group no-such-group-here");
    assert_false(has_socket(&station));
    station_close(&station);
}

static void a_leftover_socket_is_replaced_a_living_one_is_not(void **state)
{
    struct station station;
    struct control_socket made;
    struct err err = {.kind = ERR_OK};

    (void)state;
    station_open(&station, "");
    assert_true(control_socket_make(station.dir_fd, NULL, &made, &err));
    close(made.fd); /* killed: the file stays */
    assert_true(station_listen(&station, NULL, &err));
    struct control *living = station.control;
    assert_false(station_listen(&station, NULL, &err));
    assert_int_equal(err.kind, ERR_BUSY);
    assert_true(has_socket(&station));
    station.control = living;
    /* What was replaced meanwhile is somebody else's and is left alone. */
    assert_int_equal(unlinkat(station.dir_fd, CONTROL_SOCKET_NAME, 0), 0);
    int fd = openat(station.dir_fd, CONTROL_SOCKET_NAME, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    close(fd);
    station_stop(&station);
    assert_true(has_socket(&station));
    assert_false(station_listen(&station, NULL, &err));
    assert_int_equal(err.kind, ERR_IO);
    unlinkat(station.dir_fd, CONTROL_SOCKET_NAME, 0);
    station_close(&station);
}

static void stopping_in_the_middle_of_answers_leaves_nothing(void **state)
{
    struct station station;
    struct probe probes[8];
    struct err err;

    (void)state;
    station_open(&station, "");
    fill(station.db, 5000);
    assert_true(station_listen(&station, NULL, &err));
    for (size_t i = 0; i < COUNT_OF(probes); i++)
        probes[i] = probe_new(&station, i % 2 ? LISTING : NULL);
    for (int i = 0; i < 20; i++)
        uv_run(&station.loop, UV_RUN_NOWAIT);
    station_stop(&station);
    for (size_t i = 0; i < COUNT_OF(probes); i++) {
        probe_read(&probes[i]);
        assert_true(probes[i].over);
        probe_release(&probes[i]);
    }
    station_close(&station);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_request_is_answered_with_64),
        cmocka_unit_test(a_request_that_never_ends_is_cut_off),
        cmocka_unit_test(the_sixty_fifth_client_is_told_and_the_others_stay),
        cmocka_unit_test(who_does_not_read_costs_a_bounded_queue_and_is_dropped),
        cmocka_unit_test(a_slow_reader_that_does_read_gets_all_of_it),
        cmocka_unit_test(two_long_listings_take_turns),
        cmocka_unit_test(a_hundred_thousand_rows_are_streamed),
        cmocka_unit_test(many_callers_at_once_are_all_answered),
        cmocka_unit_test(the_socket_is_for_owner_and_group_whatever_the_umask),
        cmocka_unit_test(the_group_is_by_name),
        cmocka_unit_test(a_leftover_socket_is_replaced_a_living_one_is_not),
        cmocka_unit_test(stopping_in_the_middle_of_answers_leaves_nothing),
    };

    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT, false);
    unsetenv("RUNTIME_DIRECTORY");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
