#include "config/config_alert.h"

#include <assert.h>

static const char *const names[] = {
#define X(constant, name) [CONFIG_EVENT_##constant] = (name),
    CONFIG_EVENTS(X)
#undef X
};

const char *config_event_name(enum config_event event)
{
    assert(event < CONFIG_EVENT_COUNT);
    return names[event];
}
