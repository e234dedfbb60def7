#include "run/gate_alert.h"

#include "base/auto.h"
#include "base/clock.h"
#include "base/mem.h"

enum { UNREACHABLE_MS = 15 * 60 * 1000 };

static const char new_token[] = "make a new token on the platform (profile, API tokens) and put it "
                                "in place of the old one; work goes on by itself";

static const char *what_of(const struct err *why, bool has_token)
{
    if (why->kind == ERR_TENANT)
        return "The API token is not used";
    return has_token ? "The API token is expired or deleted" : "There is no usable API token";
}

void gate_alert_paused(struct alerts *alerts, const struct err *why, const char *origin,
                       bool has_token)
{
    bool is_foreign = why->kind == ERR_TENANT;
    auto_free char *text = xasprintf("%s (%s): %s. Everything that needs the platform waits; "
                                     "nothing is lost, and no attempt is counted",
                                     what_of(why, has_token), origin, why->message);
    const struct alert_notice notice = {
        .event = "auth_paused",
        .subject = is_foreign ? "tenant" : "", /* who put a wrong token there hears of it */
        .severity = alert_severity("auth_paused"),
        .text = text,
        .action = is_foreign ? "put a token of the right tenant in place; work goes on by itself"
                             : new_token,
    };

    alerts_raise(alerts, &notice);
}

void gate_alert_resumed(struct alerts *alerts, const char *tenant, int64_t paused_ms,
                        int64_t waiting_items)
{
    char span[CLOCK_TEXT_SIZE];
    auto_free char *text =
        xasprintf("the token of %s works; paused for %s, %jd items go on", tenant,
                  clock_span_text(paused_ms, span), (intmax_t)waiting_items);
    const struct alert_notice notice = {
        .event = "auth_resumed",
        .subject = "",
        .severity = alert_severity("auth_resumed"),
        .text = text,
        .action = "nothing to do",
        .happens_once = true,
    };

    alerts_clear(alerts, "auth_paused", "*");
    alerts_raise(alerts, &notice);
}

void gate_alert_unreachable(struct alerts *alerts, const struct err *why, int64_t since_ms)
{
    char span[CLOCK_TEXT_SIZE];

    if (since_ms < UNREACHABLE_MS)
        return;
    auto_free char *text = xasprintf("the platform has not answered for %s: %s; nothing is lost",
                                     clock_span_text(since_ms, span), why->message);
    const struct alert_notice notice = {
        .event = "platform_unreachable",
        .subject = "",
        .severity = alert_severity("platform_unreachable"),
        .text = text,
        .action =
            "look at the network, the proxy and the platform's status; work goes on by itself",
    };

    alerts_raise(alerts, &notice);
}
