#include "test.h"

#include "asked.h"
#include "store/export_job.h"
#include "store/known_sboms.h"

#define FIRST "\"2026-05-28T20:26:38.000Z\""
#define LATER "\"2026-05-28T20:26:40.000Z\""

/* What a running agent says of its exports, and hears. */
struct agent {
    struct err closed;
    struct err refuses;
    int runs;
    struct live_export_order order;
    char job[EXPORT_NAME_SIZE];
};

static void each_export(void *owner, void (*each)(void *to, const struct live_export *one),
                        void *to)
{
    static const struct live_export exports[] = {
        {.name = "weekly", .schedule = "@weekly", .timezone = "UTC"},
        {.name = "nightly",
         .schedule = "0 3 * * *",
         .timezone = "Europe/Vienna",
         .next_ms = KNOWN_NOW_MS},
    };

    (void)owner;
    for (size_t i = 0; i < COUNT_OF(exports); i++)
        each(to, &exports[i]);
}

static bool export_now(void *owner, const struct live_export_order *order, struct err *err)
{
    struct agent *agent = owner;

    agent->runs++;
    agent->order = *order;
    snprintf(agent->job, sizeof agent->job, "%s", order->job ? order->job : "(none)");
    if (agent->refuses.kind == ERR_OK)
        return true;
    *err = agent->refuses;
    return false;
}

static struct err closed(void *owner)
{
    return ((struct agent *)owner)->closed;
}

static struct live live_of(struct agent *agent)
{
    return (struct live){
        .owner = agent, .each_export = each_export, .export_now = export_now, .closed = closed};
}

static void save(struct db *db, const struct export_job *job)
{
    struct err err;

    if (!export_job_save(db, job, &err))
        fail_msg("%s", err.message);
}

static void save_nightly(struct db *db)
{
    const struct export_job job = {
        .name = "nightly",
        .last_slot = KNOWN_NOW_MS - 2000,
        .last_attempt_at = KNOWN_NOW_MS,
        .last_success_at = KNOWN_NOW_MS - 2000,
        .error = "the platform is away",
        .phase = EXPORT_FETCH,
        .counts = {.listed = 9,
                   .fetched = 8,
                   .written = 7,
                   .restored = 6,
                   .unchanged = 5,
                   .not_ready = 4,
                   .quarantined = 3,
                   .failed = 2,
                   .vanished = 1},
    };
    struct err err;

    save(db, &job);
    assert_true(export_work_add(db, "nightly", "fw-1", &err));
}

#define COUNTS                                                                                     \
    "\"phase\":\"fetch\",\"listed\":9,\"fetched\":8,\"left\":1,\"written\":7,\"restored\":6,"      \
    "\"unchanged\":5,\"not_ready\":4,\"quarantined\":3,\"failed\":2,\"vanished\":1,"               \
    "\"last_slot\":" FIRST ",\"last_attempt\":" LATER ",\"last_success\":" FIRST ","

static void without_a_daemon_an_export_has_exactly_the_documented_fields(void **state)
{
    struct db *db = known_ledger();
    const struct answer_context context = asked_of(db, NULL);
    const struct answer_context none = asked_of(NULL, NULL);

    (void)state;
    save_nightly(db);
    auto_json json_t *rows = asked_well(&context, "exports", NULL);
    assert_same_json(rows, "[{\"name\":\"nightly\"," COUNTS
                           "\"next\":null,\"error\":\"the platform is away\",\"schedule\":null,"
                           "\"timezone\":null,\"closed\":null,\"closed_exit\":0}]");
    auto_json json_t *nothing = asked_well(&none, "exports", NULL);
    assert_int_equal(json_array_size(nothing), 0);
    db_close(db);
}

static void configured_ones_come_first_and_those_of_the_ledger_once(void **state)
{
    const struct export_job strange = {.name = "@all"};
    struct agent agent = {.closed = {.kind = ERR_OK}};
    struct db *db = known_ledger();
    const struct live live = live_of(&agent);
    const struct answer_context context = asked_of(db, &live);

    (void)state;
    save_nightly(db);
    save(db, &strange);
    err_set(&agent.closed, ERR_AUTH, "the token is refused");
    auto_json json_t *rows = asked_well(&context, "exports", NULL);
    assert_int_equal(json_array_size(rows), 3);
    auto_free char *never = json_dumps(json_array_get(rows, 0), JSON_COMPACT);
    assert_string_equal(never,
                        "{\"name\":\"weekly\",\"phase\":\"idle\",\"listed\":0,\"fetched\":0,"
                        "\"left\":0,\"written\":0,\"restored\":0,\"unchanged\":0,\"not_ready\":0,"
                        "\"quarantined\":0,\"failed\":0,\"vanished\":0,\"last_slot\":null,"
                        "\"last_attempt\":null,\"last_success\":null,\"next\":null,\"error\":null,"
                        "\"schedule\":\"@weekly\",\"timezone\":\"UTC\","
                        "\"closed\":\"the token is refused\",\"closed_exit\":77}");
    auto_free char *known = json_dumps(json_array_get(rows, 1), JSON_COMPACT);
    assert_string_equal(known, "{\"name\":\"nightly\"," COUNTS "\"next\":" LATER
                               ",\"error\":\"the platform is away\","
                               "\"schedule\":\"0 3 * * *\",\"timezone\":\"Europe/Vienna\","
                               "\"closed\":\"the token is refused\",\"closed_exit\":77}");
    assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 2), "name")),
                        "@all");
    db_close(db);
}

/* ---- beginning one ---- */

static void an_order_reaches_the_agent_as_it_was_given(void **state)
{
    static const struct {
        const char *arguments;
        struct live_export_order want;
        const char *text;
    } rows[] = {
        {"{}", {NULL, false, false}, "every configured export runs now"},
        {"{\"job\":\"nightly\"}", {"nightly", false, false}, "export nightly runs now"},
        {"{\"tenant\":true}",
         {NULL, true, false},
         "every firmware that the token sees is exported now"},
        {"{\"marks_all\":true}", {NULL, false, true}, "every configured export runs now"},
    };
    struct db *db = known_ledger();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct agent agent = {.closed = {.kind = ERR_OK}};
        const struct live live = live_of(&agent);
        const struct answer_context context = asked_of(db, &live);
        auto_json json_t *told = asked_well(&context, "export-run", rows[i].arguments);
        auto_free char *want = xasprintf("[{\"changed\":1,\"text\":\"%s\"}]", rows[i].text);

        assert_same_json(told, want);
        assert_int_equal(agent.runs, 1);
        assert_string_equal(agent.job, rows[i].want.job ? rows[i].want.job : "(none)");
        assert_int_equal(agent.order.tenant, rows[i].want.tenant);
        assert_int_equal(agent.order.marks_all, rows[i].want.marks_all);
    }
    db_close(db);
}

static void what_cannot_be_begun_says_why(void **state)
{
    struct agent agent = {.closed = {.kind = ERR_OK}};
    struct db *db = known_ledger();
    const struct live live = live_of(&agent);
    const struct answer_context context = asked_of(db, &live);
    const struct answer_context alone = asked_of(db, NULL);

    (void)state;
    assert_asked_in_vain(&alone, "export-run", "{}", ERR_NOT_YET,
                         "export-run: no daemon runs; `sbom export` works without one, too");
    assert_asked_in_vain(&context, "export-run", "{\"job\":\"a\",\"tenant\":true}", ERR_USAGE,
                         "export-run: either a job or the whole tenant");
    assert_int_equal(agent.runs, 0);
    err_set(&agent.refuses, ERR_INPUT, "no export is called a");
    assert_asked_in_vain(&context, "export-run", "{\"job\":\"a\"}", ERR_INPUT,
                         "sbom export: no export is called a");
    db_close(db);
}

/* ---- status ---- */

static const char *state_of(void *owner)
{
    (void)owner;
    return "running";
}

static void no_token(void *owner, struct live_token *token)
{
    (void)owner;
    (void)token;
}

static void no_transfers(void *owner, void (*each)(void *to, const struct live_transfer *one),
                         void *to)
{
    (void)owner;
    (void)each;
    (void)to;
}

static void no_mirrors(void *owner, void (*each)(void *to, const struct live_mirror *one), void *to)
{
    (void)owner;
    (void)each;
    (void)to;
}

static void no_watches(void *owner, void (*each)(void *to, const struct live_watch *one), void *to)
{
    (void)owner;
    (void)each;
    (void)to;
}

static json_t *status_of(struct db *db, struct agent *agent)
{
    struct live live = live_of(agent);
    const struct answer_context context = asked_of(db, &live);

    live.state = state_of;
    live.token = no_token;
    live.each_transfer = no_transfers;
    live.each_watch = no_watches;
    live.each_mirror = no_mirrors;
    auto_json json_t *rows = asked_well(&context, "status", NULL);
    return json_incref(json_array_get(rows, 0));
}

static void status_tells_when_each_export_was_and_will_be(void **state)
{
    struct agent agent = {.closed = {.kind = ERR_OK}};
    struct db *db = known_ledger();

    (void)state;
    save_nightly(db);
    auto_json json_t *row = status_of(db, &agent);
    assert_same_json(json_object_get(row, "exports"),
                     "[{\"name\":\"weekly\",\"last_success\":null,\"last_attempt\":null,"
                     "\"next\":null,\"phase\":\"idle\",\"error\":null,\"listed\":0,\"fetched\":0,"
                     "\"left\":0},"
                     "{\"name\":\"nightly\",\"last_success\":" FIRST ",\"last_attempt\":" LATER ","
                     "\"next\":" LATER ",\"phase\":\"fetch\",\"error\":\"the platform is away\","
                     "\"listed\":9,\"fetched\":8,\"left\":1}]");
    db_close(db);
}

static void a_failed_export_and_a_quarantined_document_need_attention(void **state)
{
    static const struct {
        const char *why;
        const char *failed; /* this export */
        bool quarantined;
        int check;
    } rows[] = {
        {"all is well", NULL, false, 0},
        {"a configured export failed", "nightly", false, 3},
        {"one that was asked for by hand failed: who asked was told", "@all", false, 0},
        {"a document is in quarantine", NULL, true, 3},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct agent agent = {.closed = {.kind = ERR_OK}};
        struct db *db = known_ledger();
        struct export_job job = {.error = "it failed"};

        if (rows[i].failed) {
            snprintf(job.name, sizeof job.name, "%s", rows[i].failed);
            save(db, &job);
        }
        if (rows[i].quarantined)
            known_quarantined(db, "fw-1", "it is HTML", KNOWN_NOW_MS, 0);
        auto_json json_t *row = status_of(db, &agent);
        const json_t *attention = json_object_get(row, "attention");
        if (json_integer_value(json_object_get(row, "check")) != rows[i].check)
            fail_msg("%s", rows[i].why);
        assert_int_equal(json_integer_value(json_object_get(row, "quarantined")),
                         rows[i].quarantined);
        assert_int_equal(json_integer_value(json_object_get(attention, "quarantined")),
                         rows[i].quarantined);
        assert_int_equal(json_integer_value(json_object_get(attention, "exports")),
                         rows[i].check && !rows[i].quarantined);
        db_close(db);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_daemon_an_export_has_exactly_the_documented_fields),
        cmocka_unit_test(configured_ones_come_first_and_those_of_the_ledger_once),
        cmocka_unit_test(an_order_reaches_the_agent_as_it_was_given),
        cmocka_unit_test(what_cannot_be_begun_says_why),
        cmocka_unit_test(status_tells_when_each_export_was_and_will_be),
        cmocka_unit_test(a_failed_export_and_a_quarantined_document_need_attention),
    };

    return cmocka_run_group_tests_name("answer_export", tests, NULL, NULL);
}
