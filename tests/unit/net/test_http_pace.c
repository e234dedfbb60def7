/*
 * Uploads over time: what counts as a stall and what does not, the bandwidth limit, cancelling in
 * every phase, and what four at once cost the loop and the memory.
 */
#include "test.h"

#include <sys/resource.h>

#include "rig.h"

#define MIB ((int64_t)1 << 20)

static struct op *upload(struct rig *rig, const struct http_part *part, struct outcome *outcome)
{
    struct err err;
    const struct http_form form = {
        .url = rig_url(rig, "/u"), .parts = part, .count = 1, .max_answer = 65536};

    *outcome = (struct outcome){0};
    struct op *op = http_upload(rig->http, &form, rig_done, outcome, &err);
    if (!op)
        fail_msg("%s", err.message);
    return op;
}

static bool take_head(struct visit *visit)
{
    if (!peer_read_head(visit))
        return false;
    if (peer_expects(visit))
        peer_say(visit, "HTTP/1.1 100 Continue\r\n\r\n");
    return true;
}

static void take_all(struct visit *visit)
{
    if (take_head(visit) && peer_skip_body(visit))
        peer_answer(visit, "200 OK", "application/json", "{}");
}

static uint64_t now_ms(void)
{
    return uv_hrtime() / 1000000;
}

static void stop_reading(struct visit *visit)
{
    if (take_head(visit))
        peer_sit_still(visit);
}

static void digest_for_ever(struct visit *visit)
{
    if (take_head(visit) && peer_skip_body(visit))
        peer_sit_still(visit);
}

static void a_peer_that_stops_is_given_up(void **state)
{
    static const struct {
        const char *why;
        peer_play_fn *play;
        const char *words;
    } rows[] = {
        {"it stops reading", stop_reading, "no byte could be sent"},
        {"it took all and says nothing", digest_for_ever, "no answer came"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct rig rig;
        struct outcome outcome;
        struct http_options options = rig_options;
        int fd = rig_file(16 * MIB);
        const struct http_part part = rig_part(fd);

        options.stall_timeout_ms = options.answer_timeout_ms = 400;
        rig_start_with(&rig, rows[i].play, NULL, options);
        upload(&rig, &part, &outcome);
        rig_run(&rig, &outcome);
        rig_stop(&rig);
        rig_want(&outcome, ERR_UNSURE, rows[i].words);
        close(fd);
    }
}

/* A little at a time, out of a small window: most of the file waits in the sender's kernel. */
static void drain_slowly(struct visit *visit)
{
    const int window = 256 << 10;
    int64_t left;

    setsockopt(visit->fd, SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
    if (!take_head(visit))
        return;
    for (left = visit->length; left > 0; left -= 16 << 10) {
        if (peer_read(visit, left < 16 << 10 ? left : 16 << 10, NULL) == 0)
            return;
        poll(NULL, 0, 10);
    }
    peer_answer(visit, "200 OK", "application/json", "{}");
}

static void a_slow_line_is_not_a_stall(void **state)
{
    struct rig rig;
    struct outcome outcome;
    struct http_options options = rig_options;
    int fd = rig_file(2 * MIB);
    const struct http_part part = rig_part(fd);

    (void)state;
    options.stall_timeout_ms = options.answer_timeout_ms = 300;
    rig_start_with(&rig, drain_slowly, NULL, options);
    uint64_t begin_ms = now_ms();
    upload(&rig, &part, &outcome);
    rig_run(&rig, &outcome);
    uint64_t took_ms = now_ms() - begin_ms;
    rig_stop(&rig);
    rig_want(&outcome, ERR_OK, "");
    assert_true(took_ms > 900); /* three times what a stall may last */
    close(fd);
}

static void lift_limit(uv_timer_t *timer)
{
    struct rig *rig = timer->data;

    http_set_upload_rate(rig->http, 0);
    uv_close((uv_handle_t *)timer, NULL);
}

static void being_held_back_by_ourselves_is_not_a_stall(void **state)
{
    struct rig rig;
    struct outcome outcome;
    uv_timer_t timer;
    struct http_options options = rig_options;
    int fd = rig_file(4 * MIB);
    const struct http_part part = rig_part(fd);

    (void)state;
    /* Longer than a busy machine keeps the peer from reading, much shorter than the limit holds. */
    options.stall_timeout_ms = options.answer_timeout_ms = 900;
    options.upload_rate = 1; /* after its first burst, nothing for minutes */
    rig_start_with(&rig, take_all, NULL, options);
    uv_timer_init(&rig.loop, &timer);
    timer.data = &rig;
    uv_timer_start(&timer, lift_limit, 3000, 0);
    uint64_t begin_ms = now_ms();
    upload(&rig, &part, &outcome);
    rig_run(&rig, &outcome);
    assert_true(now_ms() - begin_ms >= 2990);
    rig_stop(&rig);
    rig_want(&outcome, ERR_OK, "");
    assert_int_equal(rig.peer.complete, 1);
    close(fd);
}

static void uploads_share_one_bandwidth(void **state)
{
    enum { COUNT = 3, EACH = MIB, RATE = 2 * MIB };
    struct rig rig;
    struct outcome outcomes[COUNT];
    struct http_options options = rig_options;
    int fd = rig_file(EACH);
    const struct http_part part = rig_part(fd);

    (void)state;
    options.upload_rate = RATE;
    rig_start_with(&rig, take_all, NULL, options);
    uint64_t begin_ms = now_ms();
    for (int i = 0; i < COUNT; i++)
        upload(&rig, &part, &outcomes[i]);
    uv_run(&rig.loop, UV_RUN_DEFAULT);
    uint64_t took_ms = now_ms() - begin_ms;
    rig_stop(&rig);
    for (int i = 0; i < COUNT; i++)
        rig_want(&outcomes[i], ERR_OK, "");
    /* 3 MiB at 2 MiB/s, less a first burst of a tenth of a second. */
    print_message("3 MiB at 2 MiB/s: %ju ms\n", (uintmax_t)took_ms);
    assert_in_range(took_ms, 1350, 2200);
    close(fd);
}

static void answer_queries(struct visit *visit)
{
    while (peer_read_head(visit))
        peer_answer(visit, "200 OK", "application/json", "{}");
}

static void requests_keep_to_their_rate(void **state)
{
    enum { COUNT = 12, PER_SECOND = 10 };
    struct rig rig;
    struct err err;
    struct outcome outcomes[COUNT];
    struct http_options options = rig_options;

    (void)state;
    options.requests_per_second = PER_SECOND;
    rig_start_with(&rig, answer_queries, NULL, options);
    uint64_t begin_ns = uv_hrtime();
    const struct http_call call = {.url = rig_url(&rig, "/q"), .max_answer = 100};
    for (int i = 0; i < COUNT; i++) {
        outcomes[i] = (struct outcome){0};
        assert_non_null(http_send(rig.http, &call, rig_done, &outcomes[i], &err));
    }
    uv_run(&rig.loop, UV_RUN_DEFAULT);
    uint64_t took_ms = (uv_hrtime() - begin_ns) / 1000000;
    rig_stop(&rig);
    for (int i = 0; i < COUNT; i++)
        rig_want(&outcomes[i], ERR_OK, "");
    /* Two at once, then one each 100 ms. */
    assert_in_range(took_ms, 950, 2500);
}

struct cancelling {
    struct outcome outcome;
    struct rig *rig;
    struct op *op;
    uv_timer_t timer;
    int64_t wanted_bytes; /* at the peer */
};

static void cancel_when_seen(uv_timer_t *timer)
{
    struct cancelling *cancelling = timer->data;

    if (peer_body_bytes(&cancelling->rig->peer) < cancelling->wanted_bytes)
        return;
    cancelling->op->cancel(cancelling->op);
    uv_close((uv_handle_t *)timer, NULL);
}

static void cancel_works_in_every_phase(void **state)
{
    static const struct {
        const char *why;
        peer_play_fn *play;
        int64_t size, wanted_bytes;
        int64_t rate;
    } rows[] = {
        {"while the first chunk is read", take_all, 16 * MIB, -1, 0},
        {"before the body", stop_reading, 16 * MIB, 0, 0},
        {"while the peer takes nothing", stop_reading, 16 * MIB, 0, 0},
        {"while the answer is awaited", digest_for_ever, 4 * MIB, 4 * MIB, 0},
        {"while it is held back", digest_for_ever, 4 * MIB, 1000, 1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct rig rig;
        struct cancelling cancelling = {.rig = &rig, .wanted_bytes = rows[i].wanted_bytes};
        struct http_options options = rig_options;
        int fd = rig_file(rows[i].size);
        const struct http_part part = rig_part(fd);

        options.upload_rate = rows[i].rate;
        rig_start_with(&rig, rows[i].play, NULL, options);
        cancelling.op = upload(&rig, &part, &cancelling.outcome);
        uv_timer_init(&rig.loop, &cancelling.timer);
        cancelling.timer.data = &cancelling;
        if (rows[i].wanted_bytes < 0)
            cancel_when_seen(&cancelling.timer);
        else
            uv_timer_start(&cancelling.timer, cancel_when_seen, 50, 5);
        rig_run(&rig, &cancelling.outcome);
        rig_stop(&rig);
        rig_want(&cancelling.outcome, ERR_CANCELLED, "");
        if (rows[i].wanted_bytes >
            0) /* the platform may have it: the caller must be able to tell */
            assert_true(cancelling.outcome.sent >= rows[i].wanted_bytes);
        close(fd);
    }
}

struct meter {
    uv_prepare_t round;
    struct op *op;
    const struct outcome *outcome;
    int64_t last_ns;
    unsigned count;
    double busy_ms[200000];
    int64_t progress;
};

static int by_size(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;

    return (left > right) - (left < right);
}

/* What this thread worked, not what the others on this machine made it wait. */
static int64_t worked_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void note_round(uv_prepare_t *round)
{
    struct meter *meter = round->data;
    int64_t now_ns = worked_ns();
    int64_t done;
    int64_t total;

    if (meter->count < COUNT_OF(meter->busy_ms))
        meter->busy_ms[meter->count++] = (double)(now_ns - meter->last_ns) / 1e6;
    meter->last_ns = now_ns;
    if (meter->outcome->done == 0) {
        http_progress(meter->op, &done, &total);
        assert_true(done >= meter->progress && done <= total);
        assert_int_equal(total, 64 * MIB);
        meter->progress = done;
    }
}

static long peak_kib(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/* A round of the loop is what a file system event or a command would have to wait for. */
static void four_large_uploads_cost_the_loop_and_the_memory_little(void **state)
{
    enum { COUNT = 4, SIZE = 64 * MIB };
    struct rig rig;
    struct outcome outcomes[COUNT];
    struct meter *meter = calloc(1, sizeof *meter);
    int fd = rig_file(SIZE);
    const struct http_part part = rig_part(fd);

    (void)state;
    rig_start(&rig, take_all);
    long before_kib = peak_kib();
    uint64_t begin_ms = now_ms();
    for (int i = 0; i < COUNT; i++)
        meter->op = upload(&rig, &part, &outcomes[i]);
    meter->outcome = &outcomes[COUNT - 1];
    uv_prepare_init(&rig.loop, &meter->round);
    meter->round.data = meter;
    meter->last_ns = worked_ns();
    uv_prepare_start(&meter->round, note_round);
    uv_unref((uv_handle_t *)&meter->round);
    uv_run(&rig.loop, UV_RUN_DEFAULT);
    uint64_t took_ms = now_ms() - begin_ms;
    long grown_kib = peak_kib() - before_kib;
    uv_close((uv_handle_t *)&meter->round, NULL);
    rig_stop(&rig);
    for (int i = 0; i < COUNT; i++)
        rig_want(&outcomes[i], ERR_OK, "");
    assert_int_equal(rig.peer.complete, COUNT);
    qsort(meter->busy_ms, meter->count, sizeof meter->busy_ms[0], by_size);
    double p99_ms = meter->busy_ms[meter->count * 99 / 100];
    print_message("4 x 64 MiB in %ju ms: a round of the loop p50 %.2f p99 %.2f max %.2f ms; "
                  "memory +%ld KiB\n",
                  (uintmax_t)took_ms, meter->busy_ms[meter->count / 2], p99_ms,
                  meter->busy_ms[meter->count - 1], grown_kib);
#if !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__
    assert_true(p99_ms < 5);
    assert_in_range(grown_kib, 0, 16 << 10);
#endif
    free(meter);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_large_uploads_cost_the_loop_and_the_memory_little),
        cmocka_unit_test(a_peer_that_stops_is_given_up),
        cmocka_unit_test(a_slow_line_is_not_a_stall),
        cmocka_unit_test(being_held_back_by_ourselves_is_not_a_stall),
        cmocka_unit_test(requests_keep_to_their_rate),
        cmocka_unit_test(uploads_share_one_bandwidth),
        cmocka_unit_test(cancel_works_in_every_phase),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
