/*
 * station.h - an agent with nothing but its control socket, and callers for it.
 *
 * The station's loop runs in the test's own thread; a caller is the real client in a
 * thread, since it blocks; a probe is a client without manners.
 */
#ifndef TESTS_RUN_STATION_H
#define TESTS_RUN_STATION_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "base/auto.h"
#include "control/control.h"
#include "control/control_client.h"
#include "control/control_socket.h"
#include "known_items.h"

enum { PATIENCE_MS = 20000, PROBE_ROOM = 1 << 20 };

struct station {
    uv_loop_t loop;
    struct db *db;
    char dir[512];
    int dir_fd;
    struct control *control;
    struct answer_context context;
    unsigned answers; /* made so far */
    size_t files;     /* that came with the last request */
    bool takes[CONTROL_FILES_MAX];
    struct control_files taken; /* of the last request */
    bool closed;
};

static inline struct answer *on_answer(void *owner, const char *command, const json_t *arguments,
                                       struct control_files *files, struct err *err)
{
    struct station *station = owner;

    station->answers++;
    assert_non_null(files);
    control_files_release(&station->taken);
    for (size_t i = 0; i < CONTROL_FILES_MAX; i++) {
        if (station->takes[i])
            station->taken.fd[station->taken.count++] = control_files_take(files, i);
    }
    station->files = files->count;
    return answer_new(command, arguments, &station->context, err);
}

static inline bool station_listen(struct station *station, const struct control_options *like,
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

static inline void station_open(struct station *station, const char *below)
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

static inline void on_station_closed(void *owner)
{
    ((struct station *)owner)->closed = true;
}

static inline void station_stop(struct station *station)
{
    if (!station->control)
        return;
    control_free(station->control, on_station_closed, station);
    assert_false(station->closed); /* not from inside */
    uv_run(&station->loop, UV_RUN_DEFAULT);
    assert_true(station->closed);
    station->control = NULL;
}

static inline bool has_socket(const struct station *station)
{
    return faccessat(station->dir_fd, CONTROL_SOCKET_NAME, F_OK, 0) == 0;
}

static inline void station_close(struct station *station)
{
    station_stop(station);
    control_files_release(&station->taken);
    assert_false(has_socket(station));
    assert_int_equal(uv_loop_close(&station->loop), 0);
    db_close(station->db);
    close(station->dir_fd);
    rmdir(station->dir);
    *strrchr(station->dir, '/') = '\0';
    rmdir(station->dir);
}

static inline int64_t now_ms(void)
{
    return (int64_t)(uv_hrtime() / 1000000);
}

static inline void fill(struct db *db, int rows)
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

static inline bool on_row(void *owner, json_t *row, struct err *err)
{
    struct caller *caller = owner;

    if (caller->rows++ == 0) {
        auto_free char *text = json_dumps(row, JSON_COMPACT);
        snprintf(caller->first, sizeof caller->first, "%s", text);
    }
    return caller->rows != caller->stop_after || err_set(err, ERR_IO, "write the result: full");
}

static inline void *call(void *owner)
{
    struct caller *caller = owner;

    caller->outcome =
        control_client_ask(&caller->request, on_row, caller, &caller->end, &caller->err);
    __atomic_store_n(&caller->done, true, __ATOMIC_RELEASE);
    return NULL;
}

static inline void callers_start(struct caller *callers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_int_equal(pthread_create(&callers[i].thread, NULL, call, &callers[i]), 0);
}

static inline bool all_done(struct caller *callers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!__atomic_load_n(&callers[i].done, __ATOMIC_ACQUIRE))
            return false;
    }
    return true;
}

/* A client without manners: bytes out, bytes in. */
struct probe {
    int fd;
    size_t size;
    bool over; /* the agent closed it */
    char *text;
};

static inline struct probe probe_new(const struct station *station, const char *send_text)
{
    struct probe probe = {.text = xcalloc(1, PROBE_ROOM)};

    assert_int_equal(control_socket_connect(station->dir_fd, SOCK_NONBLOCK, 0, &probe.fd), 0);
    if (send_text)
        assert_int_equal(send(probe.fd, send_text, strlen(send_text), MSG_NOSIGNAL),
                         (ssize_t)strlen(send_text));
    return probe;
}

static inline void probe_read(struct probe *probe)
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

static inline void probe_release(struct probe *probe)
{
    close(probe->fd);
    free(probe->text);
}

#define auto_probe __attribute__((cleanup(probe_release)))

/* Turns the loop until the agent closed the probe. */
static inline void run_until_over(struct station *station, struct probe *probe)
{
    int64_t until = now_ms() + PATIENCE_MS;

    while (!probe->over) {
        uv_run(&station->loop, UV_RUN_NOWAIT);
        probe_read(probe);
        if (now_ms() > until)
            fail_msg("no end after %d ms: %s", PATIENCE_MS, probe->text);
    }
}

/* Our own time only: the machine may be busy with others. */
static inline int64_t cpu_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Serves them; returns the longest turn of the loop. */
static inline int64_t callers_finish(struct station *station, struct caller *callers, size_t count)
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

#endif
