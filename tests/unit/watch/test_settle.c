#include "test.h"

#include "watch/settle.h"

enum { MAX_LOOKS = 8, END = -1 };

/* One look and what is to be said of it. */
struct look {
    int64_t at_ms;
    int64_t size, mtime_ns;
    uint64_t ino;
    bool has_marker;
    enum settle_verdict want;
    int64_t again_ms; /* for SETTLE_WAIT */
};

struct story {
    const char *why;
    struct settle_rule rule;
    struct look looks[MAX_LOOKS]; /* up to the first with at_ms END */
};

static const struct story stories[] = {
    {"two looks a quiet time apart",
     {.quiet_ms = 10000},
     {{1000, 5, 7, 9, false, SETTLE_WAIT, 11000},
      {11000, 5, 7, 9, false, SETTLE_READY, 0},
      {.at_ms = END}}},
    {"looking too early does no harm",
     {.quiet_ms = 10000},
     {{1000, 5, 7, 9, false, SETTLE_WAIT, 11000},
      {1001, 5, 7, 9, false, SETTLE_WAIT, 11000},
      {10999, 5, 7, 9, false, SETTLE_WAIT, 11000},
      {11000, 5, 7, 9, false, SETTLE_READY, 0},
      {.at_ms = END}}},
    {"one late look is not two",
     {.quiet_ms = 10000},
     {{999999, 5, 7, 9, false, SETTLE_WAIT, 1009999}, {.at_ms = END}}},
    {"without a quiet time two looks may follow each other at once",
     {.quiet_ms = 0},
     {{1000, 5, 7, 9, false, SETTLE_WAIT, 1000},
      {1000, 5, 7, 9, false, SETTLE_READY, 0},
      {.at_ms = END}}},
    {"without a quiet time a file under work does not make its watcher spin",
     {.quiet_ms = 0},
     {{1000, 5, 7, 9, false, SETTLE_WAIT, 1000},
      {1000, 6, 7, 9, false, SETTLE_WAIT, 1000 + SETTLE_FLOOR_MS},
      {2000, 6, 7, 9, false, SETTLE_READY, 0},
      {.at_ms = END}}},
    {"a new size starts the quiet time again",
     {.quiet_ms = 10000},
     {{0, 5, 7, 9, false, SETTLE_WAIT, 10000},
      {9000, 6, 7, 9, false, SETTLE_WAIT, 19000},
      {11000, 6, 7, 9, false, SETTLE_WAIT, 19000},
      {19000, 6, 7, 9, false, SETTLE_READY, 0},
      {.at_ms = END}}},
    {"so does a new mtime, also an older one",
     {.quiet_ms = 10000},
     {{0, 5, 7, 9, false, SETTLE_WAIT, 10000},
      {9000, 5, 3, 9, false, SETTLE_WAIT, 19000},
      {19000, 5, 3, 9, false, SETTLE_READY, 0},
      {.at_ms = END}}},
    {"so does another file of that name",
     {.quiet_ms = 10000},
     {{0, 5, 7, 9, false, SETTLE_WAIT, 10000},
      {9000, 5, 7, 8, false, SETTLE_WAIT, 19000},
      {19000, 5, 7, 8, false, SETTLE_READY, 0},
      {.at_ms = END}}},
    {"an empty file is a placeholder, however long it stays so",
     {.quiet_ms = 10000},
     {{0, 0, 7, 9, false, SETTLE_WAIT, 10000},
      {10000, 0, 7, 9, false, SETTLE_WAIT, 30000},
      {30000, 0, 7, 9, false, SETTLE_WAIT, 60000},
      {9000000, 0, 7, 9, false, SETTLE_WAIT, 9040000},
      {9040000, 5, 8, 9, false, SETTLE_WAIT, 9050000},
      {9050000, 5, 8, 9, false, SETTLE_READY, 0},
      {.at_ms = END}}},
    {"with its marker one look is enough",
     {.quiet_ms = 10000, .needs_marker = true},
     {{0, 5, 7, 9, true, SETTLE_READY, 0}, {.at_ms = END}}},
    {"without its marker no quiet time is enough",
     {.quiet_ms = 10000, .needs_marker = true},
     {{0, 5, 7, 9, false, SETTLE_WAIT, 10000},
      {99000, 5, 7, 9, false, SETTLE_WAIT, 119000},
      {99001, 5, 7, 9, true, SETTLE_READY, 0},
      {.at_ms = END}}},
    {"a marker of an empty file says nothing",
     {.quiet_ms = 10000, .needs_marker = true},
     {{0, 0, 7, 9, true, SETTLE_WAIT, 10000}, {.at_ms = END}}},
    {"a marker that is not asked for is not one",
     {.quiet_ms = 10000},
     {{0, 5, 7, 9, true, SETTLE_WAIT, 10000}, {.at_ms = END}}},
    {"on network file systems inodes do not count and a minute is the least",
     {.quiet_ms = 10000, .network = true},
     {{0, 5, 7, 9, false, SETTLE_WAIT, 60000},
      {10000, 5, 7, 8, false, SETTLE_WAIT, 60000},
      {60000, 5, 7, 1, false, SETTLE_READY, 0},
      {.at_ms = END}}},
    {"on network file systems a longer quiet time holds",
     {.quiet_ms = 90000, .network = true},
     {{0, 5, 7, 9, false, SETTLE_WAIT, 90000}, {.at_ms = END}}},
    {"a clock that goes back starts the quiet time again",
     {.quiet_ms = 10000},
     {{500000, 5, 7, 9, false, SETTLE_WAIT, 510000},
      {100, 5, 7, 9, false, SETTLE_WAIT, 10100},
      {10100, 5, 7, 9, false, SETTLE_READY, 0},
      {.at_ms = END}}},
    {"a change seen by a clock that went back",
     {.quiet_ms = 10000},
     {{500000, 5, 7, 9, false, SETTLE_WAIT, 510000},
      {100, 6, 7, 9, false, SETTLE_WAIT, 10100},
      {10100, 6, 7, 9, false, SETTLE_READY, 0},
      {.at_ms = END}}},
    {"pauses grow while every proper look finds a change",
     {.quiet_ms = 10000},
     {{0, 1, 7, 9, false, SETTLE_WAIT, 10000},
      {10000, 2, 7, 9, false, SETTLE_WAIT, 20000},
      {20000, 3, 7, 9, false, SETTLE_WAIT, 40000},
      {40000, 4, 7, 9, false, SETTLE_WAIT, 70000},
      {70000, 5, 7, 9, false, SETTLE_WAIT, 110000},
      {80000, 5, 7, 9, false, SETTLE_READY, 0},
      {.at_ms = END}}},
    {"a burst of events does not lengthen the pause",
     {.quiet_ms = 10000},
     {{0, 1, 7, 9, false, SETTLE_WAIT, 10000},
      {1, 2, 7, 9, false, SETTLE_WAIT, 10001},
      {2, 3, 7, 9, false, SETTLE_WAIT, 10002},
      {3, 4, 7, 9, false, SETTLE_WAIT, 10003},
      {4, 5, 7, 9, false, SETTLE_WAIT, 10004},
      {.at_ms = END}}},
};

static void tell(const struct story *story)
{
    struct settle_memory memory = {0};

    for (const struct look *look = story->looks; look->at_ms != END; look++) {
        const struct settle_seen seen = {
            .facts = {.size = look->size, .mtime_ns = look->mtime_ns, .ino = look->ino},
            .has_marker = look->has_marker,
        };
        int64_t again_ms = 0;
        enum settle_verdict verdict =
            settle_look(&story->rule, &memory, &seen, look->at_ms, &again_ms);

        if (verdict != look->want || (verdict == SETTLE_WAIT && again_ms != look->again_ms))
            fail_msg("%s: at %jd verdict %d, again at %jd", story->why, (intmax_t)look->at_ms,
                     (int)verdict, (intmax_t)again_ms);
    }
}

static void a_file_is_ready_when_nothing_moved_for_a_quiet_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(stories); i++)
        tell(&stories[i]);
}

/* A writer that works now and then until it stops. */
struct writer {
    int64_t next_ms;
    int64_t last_ms;
    int64_t stops_ms;
};

static void write_until(struct writer *writer, struct settle_seen *seen, int64_t now_ms)
{
    while (writer->next_ms <= now_ms && writer->next_ms < writer->stops_ms) {
        seen->facts.size++;
        writer->last_ms = writer->next_ms;
        writer->next_ms += 1 + random() % 9000;
    }
}

/* Looked at as told and at random times between; returns when it was taken. */
static int64_t settle_at_random(const struct settle_rule *rule, struct writer *writer)
{
    const int64_t longest_ms = SETTLE_MAX_FACTOR * rule->quiet_ms;
    struct settle_memory memory = {0};
    struct settle_seen seen = {.facts = {.size = 1}};
    int64_t now_ms = 0;
    int64_t again_ms = 0;

    while (settle_look(rule, &memory, &seen, now_ms, &again_ms) == SETTLE_WAIT) {
        assert_true(again_ms > now_ms);
        assert_true(again_ms <= now_ms + longest_ms);
        now_ms = random() % 3 == 0 ? now_ms + 1 + random() % 3000 : again_ms;
        write_until(writer, &seen, now_ms);
        if (now_ms > writer->stops_ms + 2 * longest_ms)
            return -1;
    }
    return now_ms;
}

static void no_order_of_writes_and_looks_takes_a_file_too_early_or_never(void **state)
{
    const struct settle_rule rule = {.quiet_ms = 5000};

    (void)state;
    srandom(20260101);
    for (int round = 0; round < 2000; round++) {
        struct writer writer = {.next_ms = random() % 9000, .stops_ms = random() % 200000};
        int64_t taken_ms = settle_at_random(&rule, &writer);

        if (taken_ms < 0)
            fail_msg("round %d: never ready", round);
        if (writer.last_ms > taken_ms - rule.quiet_ms)
            fail_msg("round %d: written at %jd, taken at %jd", round, (intmax_t)writer.last_ms,
                     (intmax_t)taken_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_ready_when_nothing_moved_for_a_quiet_time),
        cmocka_unit_test(no_order_of_writes_and_looks_takes_a_file_too_early_or_never),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
