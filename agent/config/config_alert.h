/* config_alert.h - the events, and who is told about which. */
#ifndef CONFIG_CONFIG_ALERT_H
#define CONFIG_CONFIG_ALERT_H

#include <stddef.h>
#include <stdint.h>

#include "config/config_texts.h"

/* X(constant, name in the configuration and in alerts) */
#define CONFIG_EVENTS(X)                                                                           \
    X(AUTH_PAUSED, "auth_paused")                                                                  \
    X(AUTH_RESUMED, "auth_resumed")                                                                \
    X(TOKEN_EXPIRING, "token_expiring")                                                            \
    X(RIGHTS_MISSING, "rights_missing")                                                            \
    X(PLATFORM_UNREACHABLE, "platform_unreachable")                                                \
    X(UPLOAD_FAILED, "upload_failed")                                                              \
    X(UPLOAD_UNCONFIRMED, "upload_unconfirmed")                                                    \
    X(ANALYSIS_FAILED, "analysis_failed")                                                          \
    X(ANALYSIS_OVERDUE, "analysis_overdue")                                                        \
    X(SBOM_CHANGED, "sbom_changed")                                                                \
    X(SBOM_QUARANTINED, "sbom_quarantined")                                                        \
    X(SBOM_EMPTY, "sbom_empty")                                                                    \
    X(EXPORT_FAILED, "export_failed")                                                              \
    X(WATCH_DEGRADED, "watch_degraded")                                                            \
    X(BACKLOG_OLD, "backlog_old")                                                                  \
    X(DISK_LOW, "disk_low")                                                                        \
    X(CONFIG_REJECTED, "config_rejected")

enum config_event {
#define X(constant, name) CONFIG_EVENT_##constant,
    CONFIG_EVENTS(X)
#undef X
};

#define CONFIG_EVENT_COUNT (CONFIG_EVENT_CONFIG_REJECTED + 1) /* it is the last one */

/* Exactly one of command, webhook, webhook_file is set. */
struct config_alert_target {
    uint32_t events;             /* bit 1 << enum config_event for each one wanted */
    struct config_texts command; /* count 0: not set */
    const char *webhook;         /* carries a secret: never printed */
    const char *webhook_file;
};

struct config_alerts {
    int64_t reminder_ms;
    const char *heartbeat; /* URL; carries a secret: never printed */
    const struct config_alert_target *targets;
    size_t target_count;
};

const char *config_event_name(enum config_event event);

#endif
