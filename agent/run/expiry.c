#include "run/expiry.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/fact.h"

enum { DAY_MS = 24 * 60 * 60 * 1000 };

static const char token_fact[] = "token_of_expiry";
static const char told_fact[] = "token_expiry_told";

/* A new date starts over; the old date with another token is not that token's. */
static bool is_ours(struct db *db, int64_t expires_ms, const char *fingerprint, bool *ours,
                    struct err *err)
{
    auto_free char *known = NULL;
    auto_free char *date = xasprintf("%jd ", (intmax_t)expires_ms);
    auto_free char *mine = xasprintf("%s%s", date, fingerprint);

    if (!fact_get(db, token_fact, &known, err))
        return false;
    *ours = true;
    if (known && strncmp(known, date, strlen(date)) == 0) {
        *ours = strcmp(known, mine) == 0;
        return true;
    }
    return fact_set(db, token_fact, mine, err) && fact_set(db, told_fact, NULL, err);
}

static void tell(struct alerts *alerts, int64_t days)
{
    auto_free char *text =
        days > 0
            ? xasprintf("the API token expires in %jd day%s", (intmax_t)days, days == 1 ? "" : "s")
            : xstrdup("the API token has expired, by the date in api.token_expires");
    const struct alert_notice notice = {
        .event = "token_expiring",
        .subject = "",
        .severity = alert_severity("token_expiring"),
        .text = text,
        .action = "make a new token on the platform (profile, API tokens), put it in place of the "
                  "old one and update api.token_expires",
        .happens_once = true,
    };

    alerts_raise(alerts, &notice);
}

int64_t expiry_stage(int64_t days)
{
    static const int64_t stages[] = {1, 3, 7, 14, 30};

    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++) {
        if (days <= stages[i])
            return stages[i];
    }
    return 0;
}

void expiry_look(struct flow *flow, struct alerts *alerts, int64_t expires_ms,
                 const char *fingerprint)
{
    int64_t left_ms = expires_ms - clock_wall_ms();
    int64_t days = left_ms <= 0 ? 0 : (left_ms + DAY_MS - 1) / DAY_MS;
    int64_t stage = expiry_stage(days);
    struct err err = {.kind = ERR_OK};
    int64_t told = 0;
    bool ours = false;

    if (is_ours(flow->db, expires_ms, fingerprint, &ours, &err) && ours &&
        fact_get_int(flow->db, told_fact, &told, &err) && stage != 0 &&
        (told == 0 || told > stage) && fact_set_int(flow->db, told_fact, stage, &err))
        tell(alerts, days);
    if (err.kind != ERR_OK)
        log_error("store_trouble", F_TEXT("reason", err.message));
}
