/* How a single pass ends: the exit code that a script sees. */
#include "test.h"

#include <signal.h>

#include "known_items.h"
#include "run/agent_parts.h"

static void a_single_pass_ends_with_the_code_of_what_went_wrong(void **state)
{
    static const struct {
        const char *why;
        int64_t failed_before;
        struct err end;
        int signal;
        int want;
        bool once;
    } rows[] = {
        {"all went well", 3, {.kind = ERR_OK}, 0, 0, true},
        {"something failed in this pass", 2, {.kind = ERR_OK}, 0, 3, true},
        {"run does not end because of items", 0, {.kind = ERR_OK}, 0, 0, false},
        {"the deadline came", 3, {ERR_DEADLINE, "late"}, 0, 5, true},
        {"the token is refused", 3, {ERR_AUTH, "HTTP 401"}, 0, 77, true},
        {"another tenant's token", 3, {ERR_TENANT, "Rival"}, 0, 78, true},
        {"paused by the operator", 3, {ERR_PAUSED, "paused"}, 0, 75, true},
        {"the platform is unreachable", 3, {ERR_NETWORK, "down"}, 0, 69, true},
        {"a reason goes before what failed", 0, {ERR_NETWORK, "down"}, 0, 69, true},
        {"a signal", 0, {.kind = ERR_OK}, SIGINT, 130, true},
        {"a signal goes before a reason", 3, {ERR_AUTH, "HTTP 401"}, SIGTERM, 143, true},
        {"a signal is how run ends", 3, {.kind = ERR_OK}, SIGTERM, 0, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct agent_options options = {.once = rows[i].once};
        struct err err = {.kind = ERR_OK};
        struct agent *agent = calloc(1, sizeof *agent);

        agent->options = &options;
        agent->flow.db = known_ledger();
        /* three that need a person; one that does not */
        known_add(agent->flow.db, ITEM_FAILED, "/srv/failed.bin");
        known_add(agent->flow.db, ITEM_HELD, "/srv/held.bin");
        known_add(agent->flow.db, ITEM_UNCONFIRMED, "/srv/unconfirmed.bin");
        known_add(agent->flow.db, ITEM_PENDING, "/srv/pending.bin");
        agent->end = rows[i].end;
        agent->signal = rows[i].signal;
        agent->failed_before = rows[i].failed_before;
        int have = agent_exit_code(agent, &err);
        if (have != rows[i].want || (have == 0) != (err.kind == ERR_OK))
            fail_msg("%s: %d, %s", rows[i].why, have, err.message);
        db_close(agent->flow.db);
        free(agent);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_single_pass_ends_with_the_code_of_what_went_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
