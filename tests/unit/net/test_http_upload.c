/*
 * What http_upload() puts on the wire; that nobody ever receives a complete wrong file; and how
 * every way in which an upload can end is told apart.
 */
#include "test.h"

#include "rig.h"

#define MIB ((int64_t)1 << 20)

static struct op *upload_parts(struct rig *rig, const struct http_part *parts, size_t count,
                               struct outcome *outcome)
{
    struct err err;
    const struct http_form form = {.url = rig_url(rig, "/upload-firmware/1"),
                                   .parts = parts,
                                   .count = count,
                                   .max_answer = 65536};

    *outcome = (struct outcome){0};
    struct op *op = http_upload(rig->http, &form, rig_done, outcome, &err);
    if (!op)
        fail_msg("%s", err.message);
    return op;
}

/* Starts a peer, sends one file to it, and takes all down. */
static void upload_to(peer_play_fn *play, const void *owner, struct http_part part, struct rig *rig,
                      struct outcome *outcome)
{
    rig_start_with(rig, play, owner, rig_options);
    upload_parts(rig, &part, 1, outcome);
    rig_run(rig, outcome);
    rig_stop(rig);
}

static void take_all(struct visit *visit)
{
    if (!peer_read_head(visit))
        return;
    if (peer_expects(visit))
        peer_say(visit, "HTTP/1.1 100 Continue\r\n\r\n");
    if (peer_read_body(visit))
        peer_answer(visit, "200 OK", "application/json", "{\"id\":\"1\"}");
}

/* The digest of what the body must be, given how it began. */
static void digest_form(const char *body, int fd, char hex[DIGEST_HEX_SIZE], int64_t *framing)
{
    struct digest *digest = digest_new();
    const char *content = strstr(body, "\r\n\r\n") + 4;
    const size_t boundary = strcspn(body, "\r");
    char *block = malloc(MIB);
    ssize_t got;

    digest_add(digest, body, (size_t)(content - body));
    for (off_t at = 0; (got = pread(fd, block, MIB, at)) > 0; at += got)
        digest_add(digest, block, (size_t)got);
    digest_add(digest, "\r\n", 2);
    digest_add(digest, body, boundary);
    digest_add(digest, "--\r\n", 4);
    digest_hex(digest, hex);
    digest_free(digest);
    free(block);
    *framing = (content - body) + (int64_t)boundary + 6;
}

static void files_of_every_size_arrive_as_they_are(void **state)
{
    static const int64_t sizes[] = {1,       100, 65535,   65536,   65537,       512 << 10,
                                    MIB - 1, MIB, MIB + 1, 3 * MIB, 3 * MIB + 1, 7 * MIB + 12345};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        struct rig rig;
        struct outcome outcome;
        char sha256[DIGEST_HEX_SIZE];
        char form_sha256[DIGEST_HEX_SIZE];
        int64_t framing;
        int fd = rig_file(sizes[i]);
        struct http_part part = rig_part(fd);

        rig_digest(fd, sha256);
        part.expect_sha256 = sha256;
        upload_to(take_all, NULL, part, &rig, &outcome);
        rig_want(&outcome, ERR_OK, "");
        digest_form(rig.peer.body, fd, form_sha256, &framing);
        assert_string_equal(rig.peer.sha256, form_sha256);
        assert_int_equal(rig.peer.length, sizes[i] + framing);
        assert_int_equal(outcome.sent, sizes[i] + framing);
        assert_string_equal(outcome.sha256, sha256);
        assert_int_equal(rig.peer.requests, 1);
        close(fd);
    }
}

static void the_form_is_what_the_official_client_sends(void **state)
{
    struct rig rig;
    struct outcome outcome;
    int fd = rig_file(100);

    (void)state;
    upload_to(take_all, NULL, rig_part(fd), &rig, &outcome);
    rig_want(&outcome, ERR_OK, "");
    assert_string_equal(outcome.body, "{\"id\":\"1\"}");
    const char *head = rig.peer.heads;
    assert_int_equal(strncmp(head, "POST /api/upload-firmware/1 HTTP/1.1\r\n", 38), 0);
    assert_non_null(strstr(head, "\r\nAuthorization: Bearer " TOKEN "\r\n"));
    assert_non_null(strstr(head, "\r\nContent-Type: multipart/form-data; boundary="));
    assert_null(strstr(head, "Transfer-Encoding"));
    assert_null(strstr(head, "Expect")); /* not worth a round trip */
    assert_non_null(strstr(rig.peer.body, "\r\nContent-Disposition: form-data; name=\"firmware\"; "
                                          "filename=\"image.bin\"\r\n"
                                          "Content-Type: application/octet-stream\r\n\r\n"));
    close(fd);
}

static void an_sbom_travels_in_the_same_form(void **state)
{
    struct rig rig;
    struct outcome outcome;
    int fd = rig_file(5000);
    struct http_part sbom = rig_part(fd);
    const struct http_part parts[] = {
        {.name = "firmware", .file_name = "upload", .fd = -1, .size = 0}, sbom};

    (void)state;
    sbom.name = "sbom";
    rig_start(&rig, take_all);
    upload_parts(&rig, (const struct http_part[]){parts[0], sbom}, 2, &outcome);
    rig_run(&rig, &outcome);
    rig_stop(&rig);
    rig_want(&outcome, ERR_OK, "");
    assert_non_null(strstr(rig.peer.body, "name=\"firmware\"; filename=\"upload\""));
    assert_non_null(strstr(rig.peer.body, "name=\"sbom\"; filename=\"image.bin\""));
    assert_string_equal(outcome.sha256, ""); /* nothing was read for the first part */
    close(fd);
}

static void two_large_files_travel_in_one_form(void **state)
{
    struct rig rig;
    struct outcome outcome;
    int first = rig_file(5 * MIB);
    int second = rig_file(4 * MIB + 1);
    struct http_part parts[] = {rig_part(first), rig_part(second)};

    (void)state;
    rig_start(&rig, take_all);
    upload_parts(&rig, parts, 2, &outcome);
    rig_run(&rig, &outcome);
    rig_want(&outcome, ERR_OK, "");
    assert_true(rig.peer.length > 9 * MIB);
    /* The second one is not what it was: by then the first is all sent. */
    parts[1].size++;
    upload_parts(&rig, parts, 2, &outcome);
    rig_run(&rig, &outcome);
    rig_want(&outcome, ERR_CHANGED, "shorter");
    rig_stop(&rig);
    assert_int_equal(rig.peer.complete, 1);
    close(first);
    close(second);
}

static void only_a_large_body_asks_first(void **state)
{
    struct rig rig;
    struct outcome outcome;
    int fd = rig_file(2 * MIB);

    (void)state;
    upload_to(take_all, NULL, rig_part(fd), &rig, &outcome);
    rig_want(&outcome, ERR_OK, "");
    assert_non_null(strstr(rig.peer.heads, "\r\nExpect: 100-continue\r\n"));
    close(fd);
}

/* Never says 100 Continue. */
static void take_silently(struct visit *visit)
{
    if (peer_read_head(visit) && peer_read_body(visit))
        peer_answer(visit, "200 OK", "application/json", "{}");
}

static void a_peer_that_does_not_know_expect_gets_the_body_all_the_same(void **state)
{
    struct rig rig;
    struct outcome outcome;
    struct http_options options = rig_options;
    int fd = rig_file(2 * MIB);
    const struct http_part part = rig_part(fd);

    (void)state;
    options.stall_timeout_ms = 800;
    rig_start_with(&rig, take_silently, NULL, options);
    upload_parts(&rig, &part, 1, &outcome);
    rig_run(&rig, &outcome);
    rig_stop(&rig);
    rig_want(&outcome, ERR_OK, "");
    close(fd);
}

static void refuse_expect(struct visit *visit)
{
    if (!peer_read_head(visit))
        return;
    if (peer_expects(visit))
        peer_answer(visit, "417 No", NULL, "");
    else if (peer_read_body(visit))
        peer_answer(visit, "200 OK", "application/json", "{}");
}

static void a_peer_that_refuses_expect_is_asked_without_it(void **state)
{
    struct rig rig;
    struct outcome outcome;
    int fd = rig_file(2 * MIB);

    (void)state;
    upload_to(refuse_expect, NULL, rig_part(fd), &rig, &outcome);
    rig_want(&outcome, ERR_OK, "");
    assert_int_equal(rig.peer.complete, 1);
    close(fd);
}

/* How the peer ends a request, and after how much of it. */
struct ending {
    const char *why;
    int64_t file_size;
    int64_t reads;      /* body bytes before it acts; -1: all */
    const char *answer; /* or NULL */
    bool resets;        /* else closes */
    enum err_kind kind;
    const char *words;
};

static void act_out(struct visit *visit)
{
    const struct ending *ending = visit->peer->owner;

    if (!peer_read_head(visit))
        return;
    if (ending->reads != 0 && peer_expects(visit))
        peer_say(visit, "HTTP/1.1 100 Continue\r\n\r\n");
    if (ending->reads < 0)
        peer_read_body(visit);
    else
        peer_read(visit, ending->reads, NULL);
    if (ending->answer)
        peer_say(visit, ending->answer);
    if (ending->resets)
        peer_reset(visit);
}

#define ANSWER(status) "HTTP/1.1 " status "\r\nContent-Length: 2\r\n\r\n{}"

static void every_end_of_an_upload_has_its_verdict(void **state)
{
    static const struct ending endings[] = {
        {"a dead token is told before the body", 4 * MIB, 0, ANSWER("401 No"), false, ERR_AUTH,
         "HTTP 401"},
        {"... and the connection is cut hard", 4 * MIB, 0, ANSWER("401 No"), true, ERR_AUTH,
         "HTTP 401"},
        {"too large, told in the middle", 32 * MIB, MIB, ANSWER("413 No"), false, ERR_REJECTED,
         "HTTP 413"},
        {"overloaded before the body: nothing was executed", 4 * MIB, 0, ANSWER("503 No"), false,
         ERR_SERVER, "HTTP 503"},
        {"a proxy that lost its server after the body", 4 * MIB, -1, ANSWER("502 No"), false,
         ERR_UNSURE, "HTTP 502"},
        {"a proxy that waited too long", 4 * MIB, -1, ANSWER("408 No"), false, ERR_UNSURE,
         "HTTP 408"},
        {"refused after the body", 4 * MIB, -1, ANSWER("422 No"), false, ERR_REJECTED, "HTTP 422"},
        {"the answer is lost: closed", 4 * MIB, -1, NULL, false, ERR_UNSURE, "receive from"},
        {"the answer is lost: reset", 4 * MIB, -1, NULL, true, ERR_UNSURE, "127.0.0.1:"},
        {"half an answer", 4 * MIB, -1, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", false,
         ERR_UNSURE, "receive from"},
        {"cut in the middle", 32 * MIB, MIB, NULL, true, ERR_UNSURE, "127.0.0.1:"},
        {"cut before the body", 4 * MIB, 0, NULL, true, ERR_NETWORK, "127.0.0.1:"},
        {"a small file's answer is lost", 1000, -1, NULL, false, ERR_UNSURE, "receive from"},
        {"HTML where JSON was due", 1000, -1, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>",
         false, ERR_PROTOCOL, "HTML"},
        {"yes, but to what?", 32 * MIB, MIB,
         "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}", true, ERR_UNSURE,
         ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(endings); i++) {
        struct rig rig;
        struct outcome outcome;
        int fd = rig_file(endings[i].file_size);

        print_message("%s\n", endings[i].why);
        upload_to(act_out, &endings[i], rig_part(fd), &rig, &outcome);
        rig_want(&outcome, endings[i].kind, endings[i].words);
        assert_int_equal(rig.peer.connections, 1); /* a POST is never sent twice */
        if (endings[i].reads == 0)
            assert_int_equal(outcome.sent, 0);
        close(fd);
    }
}

/* Which of libcurl's steps meets the reset is chance; none of them may lose the answer. */
static void an_answer_before_a_reset_is_found_however_it_falls(void **state)
{
    enum { ROUNDS = 8, AT_ONCE = 4 };
    static const struct ending ending = {
        .reads = MIB / 2, .answer = ANSWER("413 No"), .resets = true};
    int fd = rig_file(16 * MIB);
    const struct http_part part = rig_part(fd);

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct rig rig;
        struct outcome outcomes[AT_ONCE];

        rig_start_with(&rig, act_out, &ending, rig_options);
        for (int i = 0; i < AT_ONCE; i++)
            upload_parts(&rig, &part, 1, &outcomes[i]);
        uv_run(&rig.loop, UV_RUN_DEFAULT);
        rig_stop(&rig);
        for (int i = 0; i < AT_ONCE; i++)
            rig_want(&outcomes[i], ERR_REJECTED, "HTTP 413");
    }
    close(fd);
}

static void an_empty_form_needs_no_reader(void **state)
{
    struct rig rig;
    struct outcome outcome;

    (void)state;
    upload_to(take_all, NULL,
              (struct http_part){.name = "firmware", .file_name = "upload", .fd = -1}, &rig,
              &outcome);
    rig_want(&outcome, ERR_OK, "");
    assert_int_equal(rig.peer.complete, 1);
}

static void nobody_there_is_not_unsure(void **state)
{
    struct rig rig;
    struct outcome outcome;
    struct http_options options = rig_options;
    int fd = rig_file(1000);
    const struct http_part part = rig_part(fd);

    (void)state;
    options.api_url = "http://127.0.0.1:1";
    rig_start_with(&rig, take_all, NULL, options);
    snprintf(rig.base, sizeof rig.base, "http://127.0.0.1:1");
    upload_parts(&rig, &part, 1, &outcome);
    rig_run(&rig, &outcome);
    rig_stop(&rig);
    rig_want(&outcome, ERR_NETWORK, "connect to 127.0.0.1:1");
    close(fd);
}

static bool refuse_digest(void *owner, const struct http_part *part, const char *sha256,
                          struct err *err)
{
    (void)owner;
    (void)part;
    assert_int_equal(strlen(sha256), DIGEST_HEX_SIZE - 1);
    return err_set(err, ERR_GONE, "known already");
}

static void a_file_that_is_not_what_it_was_never_arrives(void **state)
{
    static const char wrong[] = "0000000000000000000000000000000000000000000000000000000000000000";
    static const struct {
        const char *why;
        int64_t size, longer, later_ns;
        uint64_t other_inode;
        const char *sha256;
        bool refuses;
        enum err_kind kind;
        const char *words;
    } rows[] = {
        {"a small file is shorter", 1000, 1, 0, 0, NULL, false, ERR_CHANGED, "shorter"},
        {"a large one too", 8 * MIB, 1, 0, 0, NULL, false, ERR_CHANGED, "shorter"},
        {"it grew", 8 * MIB, -1, 0, 0, NULL, false, ERR_CHANGED, "changed"},
        {"it was touched", 8 * MIB, 0, 1, 0, NULL, false, ERR_CHANGED, "changed"},
        {"it is another file", 8 * MIB, 0, 0, 1, NULL, false, ERR_CHANGED, "replaced"},
        {"other content", 8 * MIB, 0, 0, 0, wrong, false, ERR_CHANGED, "content changed"},
        {"other content of one chunk", 1000, 0, 0, 0, wrong, false, ERR_CHANGED, "content"},
        {"the caller says no", 8 * MIB, 0, 0, 0, NULL, true, ERR_GONE, "known already"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct rig rig;
        struct outcome outcome;
        int fd = rig_file(rows[i].size);
        struct http_part part = rig_part(fd);

        part.size += rows[i].longer;
        part.mtime_ns += rows[i].later_ns;
        part.inode += rows[i].other_inode;
        part.expect_sha256 = rows[i].sha256;
        part.verify = rows[i].refuses ? refuse_digest : NULL;
        print_message("%s\n", rows[i].why);
        upload_to(take_all, NULL, part, &rig, &outcome);
        rig_want(&outcome, rows[i].kind, rows[i].words);
        assert_int_equal(rig.peer.complete, 0);
        if (rows[i].size < MIB)
            assert_int_equal(rig.peer.connections, 0); /* known before anybody was called */
        close(fd);
    }
}

static void an_inode_of_zero_does_not_count(void **state)
{
    struct rig rig;
    struct outcome outcome;
    int fd = rig_file(1000);
    struct http_part part = rig_part(fd);

    (void)state;
    part.inode = 0;
    upload_to(take_all, NULL, part, &rig, &outcome);
    rig_want(&outcome, ERR_OK, "");
    close(fd);
}

/* Reads a part, changes the file under the sender, reads on. */
static void meddle(struct visit *visit)
{
    const int *fd = visit->peer->owner;

    if (!peer_read_head(visit))
        return;
    peer_say(visit, "HTTP/1.1 100 Continue\r\n\r\n");
    peer_read(visit, MIB, NULL);
    assert_int_equal(ftruncate(*fd, 20 * MIB), 0);
    visit->length -= MIB;
    peer_read_body(visit);
}

static void a_file_truncated_while_it_is_sent_is_not_waited_for(void **state)
{
    struct rig rig;
    struct outcome outcome;
    int fd = rig_file(32 * MIB);

    (void)state;
    upload_to(meddle, &fd, rig_part(fd), &rig, &outcome);
    rig_want(&outcome, ERR_CHANGED, "shorter");
    assert_int_equal(rig.peer.complete, 0);
    close(fd);
}

static void a_file_that_cannot_be_read_is_local_trouble(void **state)
{
    struct rig rig;
    struct outcome outcome;
    int fd = open("/", O_RDONLY | O_DIRECTORY);
    struct http_part part = rig_part(fd);

    (void)state;
    part.size = 4 * MIB;
    upload_to(take_all, NULL, part, &rig, &outcome);
    rig_want(&outcome, ERR_IO, "read image.bin: ");
    assert_int_equal(rig.peer.connections, 0);
    close(fd);
}

static void what_cannot_be_sent_is_refused_at_once(void **state)
{
    static const struct {
        const char *why, *url, *file_name;
        enum err_kind kind;
    } rows[] = {
        {"a quote would be changed on the way", NULL, "a\"b", ERR_DATA},
        {"a line end", NULL, "a\r\nX: y", ERR_DATA},
        {"an upload URL of another origin", "http://127.0.0.1:1/upload-firmware/1", "a",
         ERR_MALFORMED},
        {"another scheme", "https://127.0.0.1:1/upload-firmware/1", "a", ERR_MALFORMED},
    };
    struct rig rig;
    int fd = rig_file(10);

    (void)state;
    rig_start(&rig, take_all);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err = {0};
        struct http_part part = rig_part(fd);
        const struct http_form form = {
            .url = rows[i].url ? rows[i].url : rig_url(&rig, "/u"), .parts = &part, .count = 1};

        part.file_name = rows[i].file_name;
        assert_null(http_upload(rig.http, &form, rig_done, NULL, &err));
        if (err.kind != rows[i].kind)
            fail_msg("%s: %s", rows[i].why, err.message);
    }
    rig_stop(&rig);
    assert_int_equal(rig.peer.connections, 0);
    close(fd);
}

struct witness {
    struct outcome outcome; /* first: owner of done() */
    unsigned asked;
    char sha256[DIGEST_HEX_SIZE];
};

static bool accept_digest(void *owner, const struct http_part *part, const char *sha256,
                          struct err *err)
{
    struct witness *witness = owner;

    (void)err;
    assert_string_equal(part->file_name, "image.bin");
    witness->asked++;
    memcpy(witness->sha256, sha256, sizeof witness->sha256);
    return true;
}

static void the_caller_sees_the_digest_before_the_last_bytes_leave(void **state)
{
    struct rig rig;
    struct witness witness = {0};
    char sha256[DIGEST_HEX_SIZE];
    int fd = rig_file(3 * MIB);
    struct http_part part = rig_part(fd);

    (void)state;
    rig_digest(fd, sha256);
    part.verify = accept_digest;
    rig_start(&rig, take_all);
    upload_parts(&rig, &part, 1, &witness.outcome);
    rig_run(&rig, &witness.outcome);
    rig_stop(&rig);
    rig_want(&witness.outcome, ERR_OK, "");
    assert_int_equal(witness.asked, 1);
    assert_string_equal(witness.sha256, sha256);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_every_size_arrive_as_they_are),
        cmocka_unit_test(the_form_is_what_the_official_client_sends),
        cmocka_unit_test(an_sbom_travels_in_the_same_form),
        cmocka_unit_test(two_large_files_travel_in_one_form),
        cmocka_unit_test(only_a_large_body_asks_first),
        cmocka_unit_test(a_peer_that_does_not_know_expect_gets_the_body_all_the_same),
        cmocka_unit_test(a_peer_that_refuses_expect_is_asked_without_it),
        cmocka_unit_test(every_end_of_an_upload_has_its_verdict),
        cmocka_unit_test(an_answer_before_a_reset_is_found_however_it_falls),
        cmocka_unit_test(an_empty_form_needs_no_reader),
        cmocka_unit_test(nobody_there_is_not_unsure),
        cmocka_unit_test(a_file_that_is_not_what_it_was_never_arrives),
        cmocka_unit_test(an_inode_of_zero_does_not_count),
        cmocka_unit_test(a_file_truncated_while_it_is_sent_is_not_waited_for),
        cmocka_unit_test(a_file_that_cannot_be_read_is_local_trouble),
        cmocka_unit_test(what_cannot_be_sent_is_refused_at_once),
        cmocka_unit_test(the_caller_sees_the_digest_before_the_last_bytes_leave),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
