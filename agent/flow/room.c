#include "flow/room.h"

#include "base/auto.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/printable.h"

enum { CALM_MS = 10000 };

void room_lacks(struct flow *flow, const struct err *why)
{
    auto_free char *shown = printable_new(flow->settings.sbom_directory);
    auto_free char *text = xasprintf("an SBOM does not fit below %s: %s", shown, why->message);

    flow->sboms_fit = false;
    flow->sboms_full_ms = clock_steady_ms();
    flow->hooks->alert(flow->owner, "disk_low", flow->settings.sbom_directory, text,
                       "make room there; the agent goes on by itself");
}

/* Also the first one after a start: the process before may have ended while it was full. */
static void end_alert(struct flow *flow)
{
    flow->hooks->alert_over(flow->owner, "disk_low", flow->settings.sbom_directory);
    flow->sboms_fit = true;
}

static bool was_written_since(const struct flow *flow)
{
    return flow->sboms_written_ms != 0 && flow->sboms_written_ms >= flow->sboms_full_ms;
}

void room_found(struct flow *flow)
{
    flow->sboms_written_ms = clock_steady_ms();
    room_look(flow);
}

void room_look(struct flow *flow)
{
    bool is_calm = flow->sboms_full_ms == 0 || clock_steady_ms() - flow->sboms_full_ms >= CALM_MS;

    if (!flow->sboms_fit && is_calm && was_written_since(flow))
        end_alert(flow);
}

void room_settled(struct flow *flow)
{
    if (!flow->sboms_fit && was_written_since(flow))
        end_alert(flow);
}
