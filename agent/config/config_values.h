/* config_values.h - the sections of the configuration that stand once. */
#ifndef CONFIG_CONFIG_VALUES_H
#define CONFIG_CONFIG_VALUES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "config/config_texts.h"

struct config_api {
    const char *url; /* https, or http on loopback; no trailing slash, no query */
    const char *tenant;
    const char *token_file;
    int64_t token_expires_ms; /* 00:00 UTC of that day; 0: not told */
    const char *ca_file;
    const char *proxy;
    const char *proxy_auth_file;
    struct config_texts no_proxy;
    int64_t connect_timeout_ms;
    int64_t stall_timeout_ms;
    int64_t answer_timeout_ms;
    int64_t requests_per_second; /* 0: no limit */
    bool disable_tls_verify;     /* by option or environment only */
};

struct config_retry {
    int64_t base_ms;
    int64_t cap_ms;
    int64_t give_up_after_ms;
};

/* From a minute of the day (local time of transfers.timezone) to another, which may be earlier:
 * then it goes over midnight. */
struct config_window {
    int64_t from_minute; /* 0 to 1439 */
    int64_t to_minute;   /* 1 to 1440; not equal to from_minute */
    int64_t rate;        /* bytes per second, all uploads together */
};

struct config_transfers {
    int64_t uploads;
    int64_t downloads;
    int64_t bandwidth;                   /* all uploads together; 0: no limit, or windows */
    const struct config_window *windows; /* of transfers.bandwidth as a list; no limit between */
    size_t window_count;
    int64_t budget;           /* bytes a day of the backlog; 0: no limit */
    const char *timezone;     /* of the windows, and whose midnight begins the budget's day */
    int64_t limit_unanalysed; /* 0: no limit */
    struct config_retry retry;
};

struct config_analysis {
    bool wait;
    int64_t poll_interval_ms;
    int64_t alert_after_ms;
};

struct config_sbom_format {
    const char *name;
    const char *query; /* opaque query string without "?"; NULL: the platform's own default */
};

/* Of the revisions of one SBOM. Both 0: all are kept. */
struct config_keep {
    int64_t revisions; /* so many */
    int64_t ms;        /* for so long after another one took its place */
};

struct config_sbom {
    const char *directory;                    /* default: "sboms" in the state directory */
    const char *path;                         /* template below directory; holds {firmware_id} */
    int64_t file_mode;                        /* permission bits, 0644 */
    const struct config_sbom_format *formats; /* at least one */
    size_t format_count;
    struct config_keep keep;
    int64_t min_components_permille; /* 500: at least half of the last good one's; 0: any */
};

enum config_scope { CONFIG_SCOPE_TENANT, CONFIG_SCOPE_LEDGER };
enum config_on_vanished { CONFIG_VANISHED_KEEP, CONFIG_VANISHED_MARK };

/* Shell patterns (fnmatch(3) without flags) on what the platform says; NULL: any. */
struct config_filter {
    const char *vendor;
    const char *product;
    const char *product_group;
    const char *name;
    const char *version;
};

struct config_export {
    const char *name;
    const char *schedule; /* as base/calendar.h takes it */
    const char *timezone;
    enum config_scope scope;
    struct config_filter filter;
    enum config_on_vanished on_vanished;
    bool catch_up;
    int64_t spread_ms; /* how much later a host starts at most, to keep a fleet apart */
};

struct config_log {
    enum log_level level;
    enum log_format format;
};

struct config_metrics {
    const char *textfile;
};

#endif
