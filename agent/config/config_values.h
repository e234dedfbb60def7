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

struct config_transfers {
    int64_t uploads;
    int64_t downloads;
    int64_t bandwidth;        /* all uploads together; 0: no limit */
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

/* Other values of sbom.keep are not in this version. */
enum config_keep { CONFIG_KEEP_ALL };

struct config_sbom {
    const char *directory;                    /* default: "sboms" in the state directory */
    const char *path;                         /* template below directory; holds {firmware_id} */
    int64_t file_mode;                        /* permission bits, 0644 */
    const struct config_sbom_format *formats; /* at least one */
    size_t format_count;
    enum config_keep keep;
};

struct config_log {
    enum log_level level;
    enum log_format format;
};

struct config_metrics {
    const char *textfile;
};

#endif
