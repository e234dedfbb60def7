/* A GET into a file: what arrives there, its digest, its bounds, and what must not be taken for it.
 */
#include "test.h"

#include "rig.h"

#define MIB ((int64_t)1 << 20)

/* A body of a known pattern; head says what is announced. */
struct document {
    const char *head;
    size_t size;
    bool resets;
};

static char *pattern(size_t size)
{
    char *bytes = malloc(size + 1);

    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)('a' + i % 23);
    return bytes;
}

static void serve(struct visit *visit)
{
    const struct document *document = visit->peer->owner;
    char *bytes = pattern(document->size);

    if (peer_read_head(visit)) {
        peer_say(visit, document->head);
        peer_say_bytes(visit, bytes, document->size);
        if (document->resets)
            peer_reset(visit);
    }
    free(bytes);
}

static struct op *fetch(struct rig *rig, int fd, int64_t max_size, struct outcome *outcome)
{
    struct err err;
    const struct http_fetch fetch = {.url = rig_url(rig, "/firmwares/1/sbom"),
                                     .fd = fd,
                                     .max_size = max_size,
                                     .authenticated = true};

    *outcome = (struct outcome){0};
    struct op *op = http_download(rig->http, &fetch, rig_done, outcome, &err);
    if (!op)
        fail_msg("%s", err.message);
    return op;
}

static void documents_of_every_size_arrive_with_their_digest(void **state)
{
    static const size_t sizes[] = {0, 1, 65535, 128 << 10, (128 << 10) + 1, 5 * MIB + 7};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        const struct document document = {"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", sizes[i],
                                          false};
        struct rig rig;
        struct outcome outcome;
        char sha256[DIGEST_HEX_SIZE];
        char on_disk[DIGEST_HEX_SIZE];
        char *bytes = pattern(sizes[i]);
        int fd = rig_file(0);

        rig_start_with(&rig, serve, &document, rig_options);
        fetch(&rig, fd, 8 * MIB, &outcome);
        rig_run(&rig, &outcome);
        rig_stop(&rig);
        rig_want(&outcome, ERR_OK, "");
        digest_of(bytes, sizes[i], sha256);
        rig_digest(fd, on_disk);
        assert_string_equal(outcome.sha256, sha256);
        assert_string_equal(on_disk, sha256);
        assert_int_equal(outcome.received, (int64_t)sizes[i]);
        assert_int_equal(lseek(fd, 0, SEEK_END), (off_t)sizes[i]);
        assert_non_null(strstr(rig.peer.heads, "GET /api/firmwares/1/sbom HTTP/1.1\r\n"));
        assert_non_null(strstr(rig.peer.heads, "Authorization: Bearer " TOKEN "\r\n"));
        free(bytes);
        close(fd);
    }
}

static void answer_question(struct visit *visit)
{
    while (peer_read_head(visit) && peer_read_body(visit))
        peer_answer(visit, "200 OK", "application/json", "{\"data\":{}}");
}

static void a_question_can_have_its_answer_in_a_file(void **state)
{
    struct rig rig;
    struct outcome outcome = {0};
    struct err err;
    int fd = rig_file(0);

    (void)state;
    rig_start(&rig, answer_question);
    const struct http_fetch fetch = {.url = rig_url(&rig, "/graphql"),
                                     .body = "{\"query\":1}",
                                     .fd = fd,
                                     .max_size = MIB,
                                     .authenticated = true};
    assert_non_null(http_download(rig.http, &fetch, rig_done, &outcome, &err));
    rig_run(&rig, &outcome);
    rig_stop(&rig);
    rig_want(&outcome, ERR_OK, "");
    assert_int_equal(outcome.received, 11);
    assert_non_null(strstr(rig.peer.heads, "POST /api/graphql HTTP/1.1\r\n"));
    assert_non_null(strstr(rig.peer.heads, "\r\nContent-Type: application/json\r\n"));
    assert_string_equal(rig.peer.body, "{\"query\":1}");
    close(fd);
}

static void what_is_not_the_document_is_told_apart(void **state)
{
    static const struct {
        const char *why;
        struct document document;
        enum err_kind kind;
        const char *words;
        int64_t received;
    } rows[] = {
        {"cut off",
         {"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n", 200000, false},
         ERR_NETWORK,
         "receive from",
         200000},
        {"over the cap",
         {"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", 2 * MIB, false},
         ERR_PROTOCOL,
         "over 1048576 bytes",
         -1},
        {"a sign-in page",
         {"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", 10, false},
         ERR_PROTOCOL,
         "HTML",
         10},
        {"compressed",
         {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", 10, false},
         ERR_PROTOCOL,
         "compressed",
         10},
        {"an error's words do not go into the file",
         {"HTTP/1.1 404 No\r\nContent-Type: application/json\r\n"
          "Content-Length: 39\r\n\r\n{\"errors\":[{\"detail\":\"no such thing\"}]}",
          0, false},
         ERR_REJECTED,
         "HTTP 404: no such thing",
         0},
        {"a redirect is not followed",
         {"HTTP/1.1 307 No\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", 0, false},
         ERR_PROTOCOL,
         "redirect",
         0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct rig rig;
        struct outcome outcome;
        int fd = rig_file(0);

        print_message("%s\n", rows[i].why);
        rig_start_with(&rig, serve, &rows[i].document, rig_options);
        fetch(&rig, fd, MIB, &outcome);
        rig_run(&rig, &outcome);
        rig_stop(&rig);
        rig_want(&outcome, rows[i].kind, rows[i].words);
        assert_string_equal(outcome.sha256, "");
        if (rows[i].received >= 0)
            assert_int_equal(outcome.received, rows[i].received);
        assert_true(lseek(fd, 0, SEEK_END) <= MIB);
        assert_int_equal(rig.peer.requests, 1);
        close(fd);
    }
}

static void a_file_that_cannot_be_written_is_local_trouble(void **state)
{
    static const struct {
        const char *why, *path;
        enum err_kind kind;
        size_t size;
    } rows[] = {
        {"a full disk, small", "/dev/full", ERR_DISK_FULL, 10},
        {"a full disk, large", "/dev/full", ERR_DISK_FULL, 4 * MIB},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct document document = {"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
                                          rows[i].size, false};
        struct rig rig;
        struct outcome outcome;
        int fd = open(rows[i].path, O_WRONLY | O_CLOEXEC);

        rig_start_with(&rig, serve, &document, rig_options);
        fetch(&rig, fd, 8 * MIB, &outcome);
        rig_run(&rig, &outcome);
        rig_stop(&rig);
        rig_want(&outcome, rows[i].kind, "write what was received");
        close(fd);
    }
}

static void stall_midway(struct visit *visit)
{
    if (!peer_read_head(visit))
        return;
    peer_say(visit, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc");
    peer_wait_hangup(visit);
}

static void a_download_that_stops_moving_is_given_up(void **state)
{
    struct rig rig;
    struct outcome outcome;
    struct http_options options = rig_options;
    int fd = rig_file(0);

    (void)state;
    options.stall_timeout_ms = 300;
    rig_start_with(&rig, stall_midway, NULL, options);
    fetch(&rig, fd, MIB, &outcome);
    rig_run(&rig, &outcome);
    rig_stop(&rig);
    rig_want(&outcome, ERR_NETWORK, "no byte was received");
    close(fd);
}

struct cut {
    struct outcome outcome;
    struct op *op;
    uv_timer_t timer;
    int64_t seen, total;
};

/* Once something arrived: in the middle. */
static void cancel_midway(uv_timer_t *timer)
{
    struct cut *cut = timer->data;

    http_progress(cut->op, &cut->seen, &cut->total);
    if (cut->seen == 0)
        return;
    cut->op->cancel(cut->op);
    uv_close((uv_handle_t *)timer, NULL);
}

static void a_download_can_be_cancelled_midway(void **state)
{
    struct rig rig;
    struct cut cut = {0};
    int fd = rig_file(0);

    (void)state;
    rig_start(&rig, stall_midway);
    cut.op = fetch(&rig, fd, MIB, &cut.outcome);
    uv_timer_init(&rig.loop, &cut.timer);
    cut.timer.data = &cut;
    uv_timer_start(&cut.timer, cancel_midway, 1, 1);
    rig_run(&rig, &cut.outcome);
    rig_stop(&rig);
    rig_want(&cut.outcome, ERR_CANCELLED, "");
    assert_int_equal(cut.seen, 3);
    assert_int_equal(cut.total, 100);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_of_every_size_arrive_with_their_digest),
        cmocka_unit_test(a_question_can_have_its_answer_in_a_file),
        cmocka_unit_test(what_is_not_the_document_is_told_apart),
        cmocka_unit_test(a_file_that_cannot_be_written_is_local_trouble),
        cmocka_unit_test(a_download_that_stops_moving_is_given_up),
        cmocka_unit_test(a_download_can_be_cancelled_midway),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
