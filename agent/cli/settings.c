/*
 * settings.c - only names are mapped here; precedence, types and checks are config/'s, so
 * that an option and a line in the file mean the same.
 */
#include "cli/settings.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "config/config_file.h"

enum { SETTINGS_MAX = 8 };

/* What options say goes to the configuration by its path there. */
static size_t collect(const struct args *args, struct config_setting settings[SETTINGS_MAX])
{
    const struct config_setting all[SETTINGS_MAX] = {
        {"api.url", args->api_url, "--api-url"},
        {"api.tenant", args->tenant, "--tenant"},
        {"api.ca_file", args->ca_file, "--ca-file"},
        {"api.disable_tls_verify", args->disable_tls_verify ? "true" : NULL,
         "--disable-tls-verify"},
        {"state_dir", args->state_dir, "--state-dir"},
        {"log.level", args->log_level, "--log-level"},
        {"log.format", args->log_format, "--log-format"},
    };
    size_t count = 0;

    for (size_t i = 0; i < SETTINGS_MAX; i++) {
        if (all[i].value)
            settings[count++] = all[i];
    }
    return count;
}

static bool find_file(struct settings *settings, struct err *err)
{
    const struct config_search search = {
        .option = settings->args->config,
        .environment = settings->environment,
        .system_path = settings->system_path,
    };

    if (!settings->found && !config_find_file(&search, &settings->file, err))
        return false;
    settings->found = true;
    return true;
}

bool settings_read(struct settings *settings, struct config **out, struct config_problems *problems,
                   struct err *err)
{
    struct config_setting given[SETTINGS_MAX];
    auto_buf struct buf bytes = {0};
    unsigned mode = 0;

    if (!find_file(settings, err))
        return false;
    if (settings->file && !config_read_file(settings->file, &bytes, &mode, err))
        return false;
    const struct config_sources sources = {
        .file_name = settings->file,
        .file_bytes = bytes.bytes,
        .file_size = bytes.size,
        .file_mode = mode,
        .environment = settings->environment,
        .settings = given,
        .setting_count = collect(settings->args, given),
        .as_root = geteuid() == 0,
    };
    return config_load(&sources, out, problems, err);
}

void settings_release(struct settings *settings)
{
    config_free(settings->config);
    free(settings->file);
    settings->config = NULL;
    settings->file = NULL;
}
