/*
 * config_file.h - which file is the configuration, and its bytes.
 */
#ifndef CONFIG_CONFIG_FILE_H
#define CONFIG_CONFIG_FILE_H

#include "base/buf.h"
#include "base/err.h"

struct config_search {
    const char *option;                           /* --config; NULL: not given */
    const char *(*environment)(const char *name); /* as getenv */
    const char *system_path;                      /* NULL: /etc/onekey-agent/config.yaml */
};

/*
 * --config, $ONEKEY_AGENT_CONFIG, $XDG_CONFIG_HOME/onekey-agent/config.yaml (~/.config),
 * the system's file. One that was named but does not exist is ERR_CONFIG; where none
 * was named and none is found, and for /dev/null, *path is NULL. Caller frees *path.
 */
bool config_find_file(const struct config_search *search, char **path, struct err *err);

/*
 * Reads at most CONFIG_FILE_MAX bytes into an empty buf (its max is set here); *mode are
 * the permission bits, for struct config_sources. A file that its group or others may
 * write is refused: it names commands that this program runs.
 */
bool config_read_file(const char *path, struct buf *bytes, unsigned *mode, struct err *err);

#endif
