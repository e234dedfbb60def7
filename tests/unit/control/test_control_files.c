#include "test.h"

#include <sys/resource.h>

#include "base/log.h"
#include "control/station.h"
#include "tree.h"

enum {
    HOSTILE_MAX = 100,
    TEXT_MAX = 64,
    READING_FDS = 3, /* a probe's end, the agent's, and what that is polled by */
};

#define STATUS "{\"v\":1,\"command\":\"status\"}\n"

/* An open file that has no name any more. */
static int nameless(const char *text)
{
    char name[] = "/tmp/onekey-agent-test-XXXXXX";
    int fd = mkostemp(name, O_CLOEXEC);

    assert_true(fd >= 0 && unlink(name) == 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    return fd;
}

static void assert_reads(int fd, const char *want)
{
    char text[TEXT_MAX] = "";

    assert_true(fd >= 0);
    assert_int_equal(pread(fd, text, sizeof text - 1, 0), (ssize_t)strlen(want));
    assert_string_equal(text, want);
}

/* So many copies of it as one message: more than the real client would ever send. */
static void send_with(int socket_fd, const char *text, int fd, size_t count)
{
    struct iovec bytes = {(char *)(uintptr_t)text, strlen(text)};
    union {
        char room[CMSG_SPACE(HOSTILE_MAX * sizeof(int))];
        struct cmsghdr aligned;
    } ancillary = {{0}};
    struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1};

    assert_true(count <= HOSTILE_MAX);
    if (count > 0) {
        message.msg_control = ancillary.room;
        message.msg_controllen = CMSG_SPACE(count * sizeof fd);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        *header = (struct cmsghdr){CMSG_LEN(count * sizeof fd), SOL_SOCKET, SCM_RIGHTS};
        for (size_t i = 0; i < count; i++)
            memcpy(CMSG_DATA(header) + i * sizeof fd, &fd, sizeof fd);
    }
    assert_int_equal(sendmsg(socket_fd, &message, MSG_NOSIGNAL), (ssize_t)bytes.iov_len);
}

/* Turns the loop until this process has so many descriptors open. */
static void run_until_open(struct station *station, int count)
{
    int64_t until = now_ms() + PATIENCE_MS;

    while (tree_count_fds() != count) {
        uv_run(&station->loop, UV_RUN_NOWAIT);
        if (now_ms() > until)
            fail_msg("%d descriptors are open, not %d", tree_count_fds(), count);
    }
}

/* Leaves room for so many descriptors more; the limit that was is given back. */
static struct rlimit leave_room_for(size_t spare)
{
    int fds[8];
    struct rlimit was;

    assert_true(spare < COUNT_OF(fds));
    for (size_t i = 0; i <= spare; i++)
        fds[i] = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    for (size_t i = 0; i <= spare; i++)
        close(fds[i]);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
    const struct rlimit tight = {(rlim_t)fds[spare], was.rlim_max}; /* the lowest free ones */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    return was;
}

/* ---- over a pair of sockets ---- */

struct pair {
    int from;
    int to;
};

static struct pair pair_new(void)
{
    int ends[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    return (struct pair){ends[0], ends[1]};
}

static void pair_release(struct pair *pair)
{
    close(pair->from);
    close(pair->to);
}

#define auto_pair __attribute__((cleanup(pair_release)))

static void files_go_once_however_many_pieces_the_bytes_take(void **state)
{
    enum { SIZE = 60 * 1024, SMALL = 4096 };
    auto_pair struct pair pair = pair_new();
    auto_fd int first = nameless("first");
    auto_fd int second = nameless("second");
    auto_free char *sent = xcalloc(1, SIZE);
    auto_free char *came = xcalloc(1, SIZE);
    auto_control_files struct control_files files = {0};
    const int given[] = {first, second};
    const int small = SMALL;
    struct err err;
    size_t at = 0;
    unsigned pieces = 0;

    (void)state;
    for (size_t i = 0; i < SIZE; i++)
        sent[i] = (char)(i * 7 + i / 256);
    assert_int_equal(setsockopt(pair.from, SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
    for (size_t done = 0; at < SIZE;) {
        const struct iovec rest = {sent + done, SIZE - done};
        ssize_t size = done < SIZE ? control_files_send(pair.from, rest, given, done ? 0 : 2) : 0;
        assert_true(size >= 0 || errno == EAGAIN);
        pieces += size > 0;
        done += size > 0 ? (size_t)size : 0;
        const struct iovec room = {came + at, SIZE - at};
        assert_true(control_files_receive(pair.to, room, &files, &size, &err));
        at += size > 0 ? (size_t)size : 0;
    }
    assert_true(pieces > 1);
    assert_memory_equal(came, sent, SIZE);
    assert_int_equal(files.count, 2);
    assert_reads(files.fd[0], "first");
    assert_reads(files.fd[1], "second");
}

static void a_file_is_taken_once_and_the_other_keeps_its_place(void **state)
{
    auto_pair struct pair pair = pair_new();
    auto_fd int first = nameless("first");
    auto_fd int second = nameless("second");
    int before = tree_count_fds();
    struct control_files files = {0};
    const int given[] = {first, second};
    char room[4];
    ssize_t size;
    struct err err;

    (void)state;
    assert_int_equal(control_files_take(&files, 0), -1);
    assert_int_equal(control_files_send(pair.from, (struct iovec){room, 1}, given, 2), 1);
    assert_true(control_files_receive(pair.to, (struct iovec){room, 4}, &files, &size, &err));
    assert_int_equal(size, 1);
    auto_fd int taken = control_files_take(&files, 0);
    assert_reads(taken, "first");
    assert_int_equal(fcntl(taken, F_GETFD), FD_CLOEXEC);
    assert_int_equal(control_files_take(&files, 0), -1);
    assert_int_equal(control_files_take(&files, 2), -1);
    assert_reads(files.fd[1], "second");
    control_files_release(&files);
    assert_int_equal(control_files_take(&files, 1), -1);
    assert_int_equal(tree_count_fds(), before + 1);
    assert_reads(taken, "first");
}

static void nothing_there_the_end_and_a_broken_connection_are_told_apart(void **state)
{
    auto_pair struct pair pair = pair_new();
    struct control_files files = {0};
    char room[4];
    const struct iovec iovec = {room, sizeof room};
    ssize_t size;
    struct err err = {.kind = ERR_OK};

    (void)state;
    assert_true(control_files_receive(pair.to, iovec, &files, &size, &err));
    assert_int_equal(size, -1);
    assert_int_equal(shutdown(pair.from, SHUT_WR), 0);
    assert_true(control_files_receive(pair.to, iovec, &files, &size, &err));
    assert_int_equal(size, 0);
    assert_false(control_files_receive(-1, iovec, &files, &size, &err));
    assert_int_equal(err.kind, ERR_IO);
}

static void what_can_not_be_opened_is_not_taken_for_too_many(void **state)
{
    auto_pair struct pair pair = pair_new();
    auto_fd int file = nameless("file");
    int before = tree_count_fds();
    struct control_files files = {0};
    char room[4];
    ssize_t size;
    struct err err = {.kind = ERR_OK};

    (void)state;
    send_with(pair.from, "x", file, 2);
    struct rlimit was = leave_room_for(1);
    bool ok = control_files_receive(pair.to, (struct iovec){room, 4}, &files, &size, &err);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
    assert_false(ok);
    assert_int_equal(err.kind, ERR_BUSY);
    assert_int_equal(files.count, 1);
    control_files_release(&files);
    assert_int_equal(tree_count_fds(), before);
}

/* ---- with an agent ---- */

/* What the agent took is what was wanted, in order, and nothing more. */
static bool has_taken(const struct station *station, const char *const *want)
{
    for (size_t i = 0; i < CONTROL_FILES_MAX; i++) {
        int fd = i < station->taken.count ? station->taken.fd[i] : -1;

        if ((fd >= 0) != (want[i] != NULL))
            return false;
        if (want[i])
            assert_reads(fd, want[i]);
    }
    return true;
}

static void a_request_brings_its_files_in_order(void **state)
{
    static const struct {
        const char *why;
        size_t given;
        bool takes[CONTROL_FILES_MAX];
        const char *want[CONTROL_FILES_MAX]; /* of what was taken; NULL: there is none */
        int kept;
    } rows[] = {
        {"two in order", 2, {true, true}, {"first", "second"}, 2},
        {"the second only: the first is closed", 2, {false, true}, {"second", NULL}, 1},
        {"one", 1, {true, false}, {"first", NULL}, 1},
        {"one where two would be taken", 1, {true, true}, {"first", NULL}, 1},
        {"none where one would be taken", 0, {true, false}, {NULL, NULL}, 0},
        {"two that nobody wants", 2, {false, false}, {NULL, NULL}, 0},
    };
    auto_fd int first = nameless("first");
    auto_fd int second = nameless("second");
    const int given[] = {first, second};
    struct station station;
    struct err err;

    (void)state;
    station_open(&station, "");
    assert_true(station_listen(&station, NULL, &err));
    int before = tree_count_fds();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct caller caller = {.request = {.command = "status",
                                            .state_dir = station.dir,
                                            .files = given,
                                            .file_count = rows[i].given}};

        memcpy(station.takes, rows[i].takes, sizeof station.takes);
        callers_start(&caller, 1);
        callers_finish(&station, &caller, 1);
        if (caller.outcome != CONTROL_ANSWERED || caller.end.exit != 0 ||
            station.files != rows[i].given || !has_taken(&station, rows[i].want))
            fail_msg("%s: outcome %d, exit %d, %zu came", rows[i].why, (int)caller.outcome,
                     caller.end.exit, station.files);
        run_until_open(&station, before + rows[i].kept);
        control_files_release(&station.taken);
    }
    assert_reads(first, "first"); /* the caller's own stay open */
    assert_reads(second, "second");
    station_close(&station);
}

static void the_files_of_a_request_in_pieces_come_with_its_first_byte(void **state)
{
    auto_fd int file = nameless("file");
    struct station station;
    struct err err;

    (void)state;
    station_open(&station, "");
    assert_true(station_listen(&station, NULL, &err));
    station.takes[0] = station.takes[1] = true;
    auto_probe struct probe probe = probe_new(&station, NULL);
    send_with(probe.fd, "{", file, 2);
    for (const char *at = &STATUS[1]; *at; at++) {
        uv_run(&station.loop, UV_RUN_NOWAIT);
        assert_int_equal(station.answers, 0);
        assert_int_equal(send(probe.fd, at, 1, MSG_NOSIGNAL), 1);
    }
    run_until_over(&station, &probe);
    assert_non_null(strstr(probe.text, "{\"end\":{\"exit\":0,\"error\":null}}\n"));
    assert_int_equal(station.files, 2);
    assert_reads(station.taken.fd[0], "file");
    assert_reads(station.taken.fd[1], "file");
    station_close(&station);
}

#define TOO_MANY                                                                                   \
    "{\"end\":{\"exit\":64,\"error\":\"take the request's files: there are more than 2\"}}\n"

/* Nothing ends by time but where it is to. */
static const struct control_options patient = {.request_ms = 6 * PATIENCE_MS,
                                               .stall_ms = 6 * PATIENCE_MS};

static void no_file_is_left_open_however_a_request_ends(void **state)
{
    static const struct {
        const char *why;
        size_t files;
        const char *text;
        size_t more_files;
        const char *more; /* a second message, when the first was read; NULL: none */
        const char *answer;
    } rows[] = {
        {"answered by a command that wants none", 2, STATUS, 0, NULL,
         "{\"end\":{\"exit\":0,\"error\":null}}\n"},
        {"an unknown command", 2, "{\"v\":1,\"command\":\"reboot\"}\n", 0, NULL,
         "{\"end\":{\"exit\":64,\"error\":\"unknown command: reboot\"}}\n"},
        {"garbage", 2, "GET / HTTP/1.1", 0, "\r\n",
         "{\"end\":{\"exit\":64,\"error\":\"read a line: it is not a JSON object\"}}\n"},
        {"no version", 1, "{", 1, "}\n", "restart it\"}}\n"},
        {"another agent's state", 2,
         "{\"v\":1,\"command\":\"status\",\"state_dir\":\"/elsewhere\"}\n", 0, NULL,
         "\"other_state_dir\":true}}\n"},
        {"three", 3, STATUS, 0, NULL, TOO_MANY},
        {"a hundred", HOSTILE_MAX, STATUS, 0, NULL, TOO_MANY},
        {"two and one more", 2, "{\"v\":1,", 1, "\"command\":\"status\"}\n", TOO_MANY},
        {"one and two more", 1, "{\"v\":1,", 2, "\"command\":\"status\"}\n", TOO_MANY},
        {"two and a hundred more", 2, "{", HOSTILE_MAX, "\"v\":1,\"command\":\"a\"}\n", TOO_MANY},
    };
    auto_fd int file = nameless("file");
    struct station station;
    struct err err;

    (void)state;
    station_open(&station, "");
    assert_true(station_listen(&station, &patient, &err));
    int before = tree_count_fds();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct probe probe = probe_new(&station, NULL);

        send_with(probe.fd, rows[i].text, file, rows[i].files);
        if (rows[i].more) {
            run_until_open(&station, before + READING_FDS + (int)rows[i].files);
            send_with(probe.fd, rows[i].more, file, rows[i].more_files);
        }
        run_until_over(&station, &probe);
        if (!strstr(probe.text, rows[i].answer))
            fail_msg("%s: %s", rows[i].why, probe.text);
        probe_release(&probe);
        if (tree_count_fds() != before)
            fail_msg("%s: %d descriptors stay", rows[i].why, tree_count_fds() - before);
    }
    assert_int_equal(station.answers, 2); /* the first and the second: no other got as far */
    station_close(&station);
}

static void files_without_a_request_are_closed_when_its_time_is_over(void **state)
{
    const struct control_options options = {.request_ms = 60};
    auto_fd int file = nameless("file");
    struct station station;
    struct err err;

    (void)state;
    station_open(&station, "");
    assert_true(station_listen(&station, &options, &err));
    int before = tree_count_fds();
    struct probe silent = probe_new(&station, NULL);
    send_with(silent.fd, "{", file, 2);
    run_until_over(&station, &silent);
    assert_string_equal(silent.text,
                        "{\"end\":{\"exit\":64,\"error\":\"no request came in time\"}}\n");
    probe_release(&silent);
    assert_int_equal(tree_count_fds(), before);
    station_close(&station);
}

static void files_without_a_request_are_closed_when_either_side_leaves(void **state)
{
    auto_fd int file = nameless("file");
    int outside = tree_count_fds();
    struct station station;
    struct err err;

    (void)state;
    station_open(&station, "");
    assert_true(station_listen(&station, &patient, &err));
    int before = tree_count_fds();
    struct probe leaves = probe_new(&station, NULL);
    send_with(leaves.fd, "{", file, 2);
    run_until_open(&station, before + READING_FDS + 2);
    probe_release(&leaves);
    run_until_open(&station, before);
    struct probe stays = probe_new(&station, NULL);
    send_with(stays.fd, "{", file, 2);
    run_until_open(&station, before + READING_FDS + 2);
    station_close(&station);
    probe_release(&stays);
    assert_int_equal(tree_count_fds(), outside);
}

static void files_after_the_request_are_never_opened(void **state)
{
    auto_fd int file = nameless("file");
    struct station station;
    struct err err;

    (void)state;
    station_open(&station, "");
    fill(station.db, 20000);
    assert_true(station_listen(&station, &patient, &err));
    int before = tree_count_fds();
    struct probe probe = probe_new(&station, NULL);
    run_until_open(&station, before + READING_FDS);
    send_with(probe.fd, "{\"v\":1,\"command\":\"list-firmwares\"}\n", -1, 0);
    run_until_open(&station, before + READING_FDS - 1); /* it is not read any more */
    assert_int_equal(station.answers, 1);
    send_with(probe.fd, "more\n", file, 2);
    for (int i = 0; i < 20; i++)
        uv_run(&station.loop, UV_RUN_NOWAIT);
    assert_int_equal(tree_count_fds(), before + READING_FDS - 1);
    probe_release(&probe);
    run_until_open(&station, before);
    station_close(&station);
}

static void an_agent_that_may_open_no_more_says_so_and_goes_on(void **state)
{
    static const struct {
        const char *why;
        size_t spare;
        const char *answer;
    } rows[] = {
        {"the connection only", 1, "the agent may open no more files: try again"},
        {"one of two files", 3, "take the request's files: the agent may open no more (its limit"},
        {"enough", 4, "{\"end\":{\"exit\":0,\"error\":null}}"},
    };
    auto_fd int file = nameless("file");
    struct station station;
    struct err err;

    (void)state;
    station_open(&station, "");
    assert_true(station_listen(&station, NULL, &err));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_probe struct probe probe = probe_new(&station, NULL);
        struct rlimit was = leave_room_for(rows[i].spare);

        send_with(probe.fd, STATUS, file, 2);
        run_until_over(&station, &probe);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
        bool is_busy = strstr(probe.text, "{\"exit\":75,") != NULL;
        if (!strstr(probe.text, rows[i].answer) || is_busy != (i < 2))
            fail_msg("%s: %s", rows[i].why, probe.text);
    }
    station_close(&station);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_go_once_however_many_pieces_the_bytes_take),
        cmocka_unit_test(a_file_is_taken_once_and_the_other_keeps_its_place),
        cmocka_unit_test(nothing_there_the_end_and_a_broken_connection_are_told_apart),
        cmocka_unit_test(what_can_not_be_opened_is_not_taken_for_too_many),
        cmocka_unit_test(a_request_brings_its_files_in_order),
        cmocka_unit_test(the_files_of_a_request_in_pieces_come_with_its_first_byte),
        cmocka_unit_test(no_file_is_left_open_however_a_request_ends),
        cmocka_unit_test(files_without_a_request_are_closed_when_its_time_is_over),
        cmocka_unit_test(files_without_a_request_are_closed_when_either_side_leaves),
        cmocka_unit_test(files_after_the_request_are_never_opened),
        cmocka_unit_test(an_agent_that_may_open_no_more_says_so_and_goes_on),
    };

    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT, false);
    unsetenv("RUNTIME_DIRECTORY");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
