/* config_watch.h - one watched folder, as configured. */
#ifndef CONFIG_CONFIG_WATCH_H
#define CONFIG_CONFIG_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config_texts.h"

enum config_mode { CONFIG_MODE_AUTO, CONFIG_MODE_EVENTS, CONFIG_MODE_POLL };
enum config_symlinks { CONFIG_SYMLINKS_INSIDE, CONFIG_SYMLINKS_IGNORE };
enum config_existing { CONFIG_EXISTING_SEND, CONFIG_EXISTING_IGNORE, CONFIG_EXISTING_ADOPT };
enum config_same_content { CONFIG_SAME_ONCE, CONFIG_SAME_PER_VERSION };
enum config_order { CONFIG_ORDER_NEWEST, CONFIG_ORDER_OLDEST };
enum config_if_missing { CONFIG_MISSING_WAIT, CONFIG_MISSING_SKIP, CONFIG_MISSING_FAIL };
enum config_when_done { CONFIG_DONE_KEEP, CONFIG_DONE_MOVE };

/* Templates. NULL: the field is not sent, or (vendor, product) has to come from a sidecar. */
struct config_metadata {
    const char *vendor;
    const char *product;
    const char *version;
    const char *name;
    const char *product_category;
    const char *product_group;
    const char *analysis_configuration;
    const char *release_date;
    const char *notes;
    bool monitoring;
};

struct config_watch {
    const char *name;
    const char *path;
    struct config_texts include; /* at least one */
    struct config_texts exclude;
    int64_t settle_ms;
    const char *marker; /* template */
    int64_t rescan_ms;
    enum config_mode mode;
    enum config_symlinks symlinks;
    enum config_existing existing;
    enum config_same_content same_content;
    enum config_order order;
    const char *match;   /* PCRE2 */
    const char *sidecar; /* template */
    struct config_metadata metadata;
    const char *attach_path; /* template; NULL: nothing is attached */
    enum config_if_missing attach_if_missing;
    enum config_when_done when_done;
    const char *move_to; /* set when when_done is CONFIG_DONE_MOVE */
};

#endif
