#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/mem.h"
#include "run/control.h"
#include "run/control_client.h"
#include "run/control_socket.h"
#include "run/known_items.h"

enum { PATIENCE_MS = 20000, PROBE_ROOM = 1 << 20 };

/* An agent with nothing but its socket: a loop, a ledger in memory, a folder. */
struct station {
    uv_loop_t loop;
    struct db *db;
    char dir[512];
    int dir_fd;
    struct control *control;
    struct answer_context context;
    unsigned answers; /* made so far */
    bool closed;
};

static struct answer *on_answer(void *owner, const char *command, const json_t *arguments,
                                struct err *err)
{
    struct station *station = owner;

    station->answers++;
    return answer_new(command, arguments, &station->context, err);
}

static bool station_listen(struct station *station, const struct control_options *like,
                           struct err *err)
{
    struct control_options options = like ? *like : (struct control_options){0};

    options.dir_fd = station->dir_fd;
    options.state_dir = station->dir;
    options.answer = on_answer;
    options.owner = station;
    station->control = control_new(&station->loop, &options, err);
    return station->control != NULL;
}

static void station_open(struct station *station, const char *below)
{
    char root[] = "/tmp/onekey-agent-test-XXXXXX";

    *station = (struct station){0};
    assert_non_null(mkdtemp(root));
    snprintf(station->dir, sizeof station->dir, "%s%s", root, below);
    /* One component: below is "" or "/name". */
    if (below[0])
        assert_int_equal(mkdir(station->dir, 0700), 0);
    station->dir_fd = open(station->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(station->dir_fd >= 0);
    uv_loop_init(&station->loop);
    station->db = known_ledger();
    station->context = (struct answer_context){.db = station->db, .version = "0.1.0"};
}

static void on_station_closed(void *owner)
{
    ((struct station *)owner)->closed = true;
}

static void station_stop(struct station *station)
{
    if (!station->control)
        return;
    control_free(station->control, on_station_closed, station);
    assert_false(station->closed); /* not from inside */
    uv_run(&station->loop, UV_RUN_DEFAULT);
    assert_true(station->closed);
    station->control = NULL;
}

static bool has_socket(const struct station *station)
{
    return faccessat(station->dir_fd, CONTROL_SOCKET_NAME, F_OK, 0) == 0;
}

static void station_close(struct station *station)
{
    station_stop(station);
    assert_false(has_socket(station));
    assert_int_equal(uv_loop_close(&station->loop), 0);
    db_close(station->db);
    close(station->dir_fd);
    rmdir(station->dir);
    *strrchr(station->dir, '/') = '\0';
    rmdir(station->dir);
}

/* A client without manners: bytes out, bytes in. */
struct probe {
    int fd;
    size_t size;
    bool over; /* the agent closed it */
    char *text;
};

static struct probe probe_new(const struct station *station, const char *send_text)
{
    struct probe probe = {.text = xcalloc(1, PROBE_ROOM)};

    assert_int_equal(control_socket_connect(station->dir_fd, SOCK_NONBLOCK, 0, &probe.fd), 0);
    if (send_text)
        assert_int_equal(send(probe.fd, send_text, strlen(send_text), MSG_NOSIGNAL),
                         (ssize_t)strlen(send_text));
    return probe;
}

static void probe_read(struct probe *probe)
{
    ssize_t size;

    while (!probe->over && probe->size < PROBE_ROOM - 1) {
        size = recv(probe->fd, probe->text + probe->size, PROBE_ROOM - 1 - probe->size, 0);
        if (size < 0 && errno == EAGAIN)
            return;
        probe->over = size <= 0;
        probe->size += size > 0 ? (size_t)size : 0;
        probe->text[probe->size] = '\0';
    }
}

static void probe_release(struct probe *probe)
{
    close(probe->fd);
    free(probe->text);
}

#define auto_probe __attribute__((cleanup(probe_release)))

static int64_t now_ms(void)
{
    return (int64_t)(uv_hrtime() / 1000000);
}

/* Turns the loop until the agent closed the probe. */
static void run_until_over(struct station *station, struct probe *probe)
{
    int64_t until = now_ms() + PATIENCE_MS;

    while (!probe->over) {
        uv_run(&station->loop, UV_RUN_NOWAIT);
        probe_read(probe);
        if (now_ms() > until)
            fail_msg("no end after %d ms: %s", PATIENCE_MS, probe->text);
    }
}

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

static void fill(struct db *db, int rows)
{
    char path[128];
    struct err err;

    for (int i = 0; i < rows; i++) {
        snprintf(path, sizeof path, "/srv/builds/product-%d/2.0/firmware-image-%d.bin", i % 50, i);
        struct item item = known_item(ITEM_DONE, path);
        text_replace(&item.product, "Router");
        known_save(db, &item);
    }
    assert_true(db_commit(db, &err));
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

/* ---- the real client, in a thread of its own ---- */

struct caller {
    struct control_request request;
    pthread_t thread;
    enum control_outcome outcome;
    struct control_end end;
    struct err err;
    size_t rows;
    size_t stop_after; /* 0: never */
    char first[512];   /* the first row */
    bool done;
};

static bool on_row(void *owner, json_t *row, struct err *err)
{
    struct caller *caller = owner;

    if (caller->rows++ == 0) {
        auto_free char *text = json_dumps(row, JSON_COMPACT);
        snprintf(caller->first, sizeof caller->first, "%s", text);
    }
    return caller->rows != caller->stop_after || err_set(err, ERR_IO, "write the result: full");
}

static void *call(void *owner)
{
    struct caller *caller = owner;

    caller->outcome =
        control_client_ask(&caller->request, on_row, caller, &caller->end, &caller->err);
    __atomic_store_n(&caller->done, true, __ATOMIC_RELEASE);
    return NULL;
}

static void callers_start(struct caller *callers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_int_equal(pthread_create(&callers[i].thread, NULL, call, &callers[i]), 0);
}

static bool all_done(struct caller *callers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!__atomic_load_n(&callers[i].done, __ATOMIC_ACQUIRE))
            return false;
    }
    return true;
}

/* Our own time only: the machine may be busy with others. */
static int64_t cpu_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Serves them; returns the longest turn of the loop. */
static int64_t callers_finish(struct station *station, struct caller *callers, size_t count)
{
    int64_t longest = 0;
    int64_t until = now_ms() + 6 * PATIENCE_MS;

    while (!all_done(callers, count)) {
        int64_t before = cpu_ms();

        uv_run(&station->loop, UV_RUN_NOWAIT);
        int64_t took = cpu_ms() - before;
        longest = took > longest ? took : longest;
        if (now_ms() > until)
            fail_msg("the callers do not come to an end");
    }
    for (size_t i = 0; i < count; i++)
        pthread_join(callers[i].thread, NULL);
    return longest;
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
    assert_true(longest < 100); /* a slice, not the listing; sanitizers are slow */
    station_close(&station);
}

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
        cmocka_unit_test(a_hundred_thousand_rows_are_streamed),
        cmocka_unit_test(the_client_hears_how_it_ended),
        cmocka_unit_test(many_callers_at_once_are_all_answered),
        cmocka_unit_test(a_state_directory_with_a_long_path_works),
        cmocka_unit_test(where_no_agent_is_the_caller_is_told_so),
        cmocka_unit_test(an_agent_that_hangs_or_dies_is_an_error),
        cmocka_unit_test(a_request_of_over_64_kib_is_not_sent),
        cmocka_unit_test(the_socket_is_for_owner_and_group_whatever_the_umask),
        cmocka_unit_test(the_group_is_by_name),
        cmocka_unit_test(a_leftover_socket_is_replaced_a_living_one_is_not),
        cmocka_unit_test(stopping_in_the_middle_of_answers_leaves_nothing),
    };

    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT, false);
    unsetenv("RUNTIME_DIRECTORY");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
