#include "config/config_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "config/config_problems.h"
#include "config/config_schedule.h"
#include "config/config_url.h"

enum { PATH_SIZE = 128 };

struct checks {
    const struct config *config;
    unsigned file_mode;
    struct config_problems *problems;
    bool is_complete; /* every value could be read: what is missing was not written */
};

typedef void report_fn(struct config_problems *problems, const char *where, const char *format,
                       ...);

/* Says it at the place where the value of that path came from. */
static void report(const struct checks *checks, report_fn *sink, const char *path, const char *what)
{
    auto_free char *where = config_origin(checks->config, path);

    sink(checks->problems, where, "%s: %s", path, what);
}

static void refuse(const struct checks *checks, const char *path, const char *what)
{
    report(checks, config_problems_error, path, what);
}

/* "watch[3].name" */
static const char *indexed(char path[PATH_SIZE], const char *list, size_t index, const char *key)
{
    snprintf(path, PATH_SIZE, "%s[%zu].%s", list, index, key);
    return path;
}

/* True for directory itself and what is below; both absolute and clean. */
static bool is_inside(const char *path, const char *directory)
{
    size_t size = strcmp(directory, "/") == 0 ? 0 : strlen(directory);

    return strncmp(path, directory, size) == 0 && (path[size] == '/' || path[size] == '\0');
}

static const struct config_watch *watch_around(const struct config *config, const char *path)
{
    for (size_t i = 0; path && i < config->watch_count; i++) {
        if (config->watches[i].path && is_inside(path, config->watches[i].path))
            return &config->watches[i];
    }
    return NULL;
}

/* What the agent writes would be found, settle, and be uploaded. */
static void check_outside(const struct checks *checks, const char *path, const char *value)
{
    const struct config_watch *watch = watch_around(checks->config, value);

    if (!watch)
        return;
    auto_free char *what =
        xasprintf("it lies in the watched folder of %s; choose one outside of every watch",
                  watch->name ? watch->name : "a watch");
    refuse(checks, path, what);
}

static void check_api(const struct checks *checks)
{
    const struct config_api *api = &checks->config->api;

    bool is_https = strncmp(api->url, "https://", strlen("https://")) == 0;

    if (!is_https && !config_url_is_loopback(api->url)) {
        refuse(checks, "api.url",
               "over http everybody on the way reads the token; write https:// (http:// is for "
               "127.0.0.0/8, ::1 and localhost only)");
    }
    if (strchr(api->url, '?')) {
        refuse(checks, "api.url",
               "a URL with a ? part; write the base, as in https://app.eu.onekey.com/api");
    }
}

/* Backoff doubles from base up to cap. */
static void check_retry(const struct checks *checks)
{
    const struct config_retry *retry = &checks->config->transfers.retry;

    if (retry->base_ms > retry->cap_ms)
        refuse(checks, "transfers.retry.base", "longer than transfers.retry.cap; write less");
}

/* Each pair once, reported at the later one. */
static void check_watch_unique(const struct checks *checks, size_t index)
{
    const struct config_watch *watch = &checks->config->watches[index];
    char path[PATH_SIZE];

    for (size_t i = 0; i < index; i++) {
        const struct config_watch *other = &checks->config->watches[i];

        if (watch->name && other->name && strcmp(watch->name, other->name) == 0)
            refuse(checks, indexed(path, "watch", index, "name"),
                   "another watch has that name; choose a different one");
        if (watch->path && other->path && strcmp(watch->path, other->path) == 0)
            refuse(checks, indexed(path, "watch", index, "path"),
                   "another watch has that path; join the two");
    }
}

/*
 * `move_to` beside `when_done: keep` is fine: people switch between the two and leave the
 * folder written. What can never have an effect is a mistake.
 */
static void check_watch(const struct checks *checks, size_t index)
{
    const struct config_watch *watch = &checks->config->watches[index];
    char path[PATH_SIZE];
    char missing[PATH_SIZE];

    check_watch_unique(checks, index);
    if (checks->is_complete && watch->when_done == CONFIG_DONE_MOVE && !watch->move_to)
        refuse(checks, indexed(path, "watch", index, "when_done"),
               "move needs a place; write move_to");
    if (watch->move_to)
        check_outside(checks, indexed(path, "watch", index, "move_to"), watch->move_to);
    // the default is set anyway: only what was written can be a mistake
    indexed(path, "watch", index, "attach_sbom.if_missing");
    if (checks->is_complete && !watch->attach_path &&
        watch->attach_if_missing != CONFIG_MISSING_WAIT)
        refuse(checks, path, "nothing is attached; write attach_sbom.path too");
    if (!watch->sidecar && (!watch->metadata.vendor || !watch->metadata.product)) {
        snprintf(missing, sizeof missing, "no %s: every file will fail; write it or sidecar",
                 watch->metadata.vendor ? "metadata.product" : "metadata.vendor");
        snprintf(path, sizeof path, "watch[%zu]", index);
        report(checks, config_problems_warning, path, missing);
    }
}

/* {{firmware_id}} would be the text in braces. */
static bool has_name(const char *template, const char *name)
{
    const char *at = strstr(template, name);

    return at && (at == template || at[-1] != '{');
}

/* Its default lies in the state directory: one mistake is told once. */
static void check_sbom_directory(const struct checks *checks)
{
    const struct config *config = checks->config;

    if (config->sbom.directory && watch_around(config, config->state_dir) &&
        is_inside(config->sbom.directory, config->state_dir))
        return;
    check_outside(checks, "sbom.directory", config->sbom.directory);
}

static void check_sbom_path(const struct checks *checks)
{
    const struct config_sbom *sbom = &checks->config->sbom;

    if (sbom->path[0] == '/')
        refuse(checks, "sbom.path", "an absolute path; write one below sbom.directory");
    if (!has_name(sbom->path, "{firmware_id}")) {
        refuse(checks, "sbom.path",
               "documents would overwrite each other; {firmware_id} has to be in it");
    }
    if (sbom->format_count > 1 && !has_name(sbom->path, "{ext}") &&
        !has_name(sbom->path, "{format}")) {
        refuse(checks, "sbom.path",
               "formats would overwrite each other; {ext} or {format} has to be in it");
    }
}

/* Two formats without a query are the same document under two names. */
static bool same_query(const struct config_sbom_format *one, const struct config_sbom_format *other)
{
    if (!one->query || !other->query)
        return one->query == other->query;
    return strcmp(one->query, other->query) == 0;
}

/* The query is opaque, but it has to stay one: not a second URL part. */
static void check_format(const struct checks *checks, size_t index)
{
    const struct config_sbom_format *format = &checks->config->sbom.formats[index];
    char path[PATH_SIZE];

    indexed(path, "sbom.formats", index, "query");
    if (format->query && strpbrk(format->query, " #?"))
        refuse(checks, path, "it holds a blank, ? or #; write it as it follows the ?, encoded");
    for (size_t i = 0; i < index; i++) {
        const struct config_sbom_format *other = &checks->config->sbom.formats[i];

        if (!format->name || !other->name)
            continue;
        indexed(path, "sbom.formats", index, "name");
        if (strcmp(format->name, other->name) == 0)
            refuse(checks, path, "another format has that name; choose a different one");
        else if (same_query(format, other))
            refuse(checks, path, "another format has the same query; keep one of them");
    }
}

/* One way each, so that an alert of a target is either told or not. */
static void check_target(const struct checks *checks, size_t index)
{
    const struct config_alert_target *target = &checks->config->alerts.targets[index];
    char path[PATH_SIZE];
    int ways = (target->command.count > 0) + !!target->webhook + !!target->webhook_file;

    snprintf(path, sizeof path, "alerts.targets[%zu]", index);
    if (ways > 1)
        refuse(checks, path, "several ways to tell; keep one of command, webhook, webhook_file");
    if (ways == 0 && checks->is_complete)
        refuse(checks, path, "nobody is told; write one of command, webhook, webhook_file");
    indexed(path, "alerts.targets", index, "command");
    // no shell and no search path: what runs is what was written here
    if (target->command.count > 0 && target->command.items[0][0] != '/')
        refuse(checks, path, "the program is no absolute path; start it with /");
}

/* A webhook's address is all that somebody needs to write there. */
static void warn_readable(const struct checks *checks)
{
    const struct config_alerts *alerts = &checks->config->alerts;
    char path[PATH_SIZE];

    for (size_t i = 0; (checks->file_mode & 0004) && i < alerts->target_count; i++) {
        if (alerts->targets[i].webhook)
            report(checks, config_problems_warning, indexed(path, "alerts.targets", i, "webhook"),
                   "everybody can read this file; use webhook_file, or chmod o-r it");
    }
}

void config_check_all(const struct config *config, unsigned file_mode,
                      struct config_problems *problems)
{
    const struct checks checks = {config, file_mode, problems, problems->error_count == 0};

    check_api(&checks);
    check_retry(&checks);
    check_outside(&checks, "state_dir", config->state_dir);
    for (size_t i = 0; i < config->watch_count; i++)
        check_watch(&checks, i);
    check_sbom_directory(&checks);
    check_sbom_path(&checks);
    for (size_t i = 0; i < config->sbom.format_count; i++)
        check_format(&checks, i);
    config_schedule_check(config, checks.is_complete, problems);
    for (size_t i = 0; i < config->alerts.target_count; i++)
        check_target(&checks, i);
    warn_readable(&checks);
}
