#include "run/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/path_name.h"
#include "flow/sbom_path.h"

static enum source_existing existing_of(enum config_existing existing)
{
    switch (existing) {
    case CONFIG_EXISTING_IGNORE:
        return SOURCE_IGNORE;
    case CONFIG_EXISTING_ADOPT:
        return SOURCE_ADOPT;
    case CONFIG_EXISTING_SEND:
        return SOURCE_SEND;
    }
    return SOURCE_SEND;
}

static enum source_missing missing_of(enum config_if_missing missing)
{
    switch (missing) {
    case CONFIG_MISSING_SKIP:
        return SOURCE_MISSING_SKIP;
    case CONFIG_MISSING_FAIL:
        return SOURCE_MISSING_FAIL;
    case CONFIG_MISSING_WAIT:
        return SOURCE_MISSING_WAIT;
    }
    return SOURCE_MISSING_WAIT;
}

static enum source_mode mode_of(enum config_mode mode)
{
    switch (mode) {
    case CONFIG_MODE_EVENTS:
        return SOURCE_EVENTS;
    case CONFIG_MODE_POLL:
        return SOURCE_POLL;
    case CONFIG_MODE_AUTO:
        return SOURCE_AUTO;
    }
    return SOURCE_AUTO;
}

/*
 * The default name has a fallback for files without a version, which the same text
 * written out has not: metadata.h knows it as "not configured".
 */
static const char *name_of(const struct config_metadata *metadata)
{
    bool is_default = metadata->name && strcmp(metadata->name, "{vendor}-{product}-{version}") == 0;

    return is_default ? NULL : metadata->name;
}

struct source *setup_source(const struct config_watch *watch, struct err *err)
{
    const struct config_metadata *metadata = &watch->metadata;
    const struct source_options options = {
        .name = watch->name,
        .path = watch->path,
        .rules = {.include = watch->include.items,
                  .include_count = watch->include.count,
                  .exclude = watch->exclude.items,
                  .exclude_count = watch->exclude.count,
                  .marker = watch->marker,
                  .sidecar = watch->sidecar,
                  .attachment = watch->attach_path},
        .match = watch->match,
        .metadata = {[METADATA_VENDOR] = metadata->vendor,
                     [METADATA_PRODUCT] = metadata->product,
                     [METADATA_VERSION] = metadata->version,
                     [METADATA_NAME] = name_of(metadata),
                     [METADATA_PRODUCT_CATEGORY] = metadata->product_category,
                     [METADATA_PRODUCT_GROUP] = metadata->product_group,
                     [METADATA_ANALYSIS_CONFIGURATION] = metadata->analysis_configuration,
                     [METADATA_MONITORING] = metadata->monitoring ? "true" : "false",
                     [METADATA_RELEASE_DATE] = metadata->release_date,
                     [METADATA_NOTES] = metadata->notes},
        .settle_ms = watch->settle_ms,
        .rescan_ms = watch->rescan_ms,
        .mode = mode_of(watch->mode),
        .follow_links = watch->symlinks == CONFIG_SYMLINKS_INSIDE,
        .existing = existing_of(watch->existing),
        .per_version = watch->same_content == CONFIG_SAME_PER_VERSION,
        .oldest_first = watch->order == CONFIG_ORDER_OLDEST,
        .attach_missing = missing_of(watch->attach_if_missing),
        .move_to = watch->when_done == CONFIG_DONE_MOVE ? watch->move_to : NULL,
    };

    return source_new(&options, err);
}

static bool read_proxy_auth(const char *path, struct secret **proxy_auth, struct err *err)
{
    char bytes[SECRET_MAX + 16];

    if (!path)
        return true;
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    ssize_t got = fd < 0 ? -1 : read(fd, bytes, sizeof bytes);
    if (got < 0) {
        err_sys(err, errno, "read api.proxy_auth_file %s", path);
        err->kind = ERR_CONFIG;
        return false;
    }
    *proxy_auth = secret_new(bytes, (size_t)got, err);
    explicit_bzero(bytes, sizeof bytes);
    if (*proxy_auth)
        return true;
    err->kind = ERR_CONFIG;
    return err_wrap(err, "api.proxy_auth_file %s", path);
}

static char *join(const struct config_texts *texts)
{
    char *joined = NULL;

    for (size_t i = 0; i < texts->count; i++) {
        char *longer =
            xasprintf("%s%s%s", joined ? joined : "", joined ? "," : "", texts->items[i]);
        free(joined);
        joined = longer;
    }
    return joined;
}

struct http *setup_http(uv_loop_t *loop, const struct config *config,
                        const char *(*environment)(const char *name), struct secret **proxy_auth,
                        struct err *err)
{
    const struct config_api *api = &config->api;
    auto_free char *no_proxy = join(&api->no_proxy);
    const char *ca_system = environment ? environment("SSL_CERT_FILE") : NULL;
    const struct http_options options = {
        .api_url = api->url,
        .allow_http = true, /* config/ allows it for loopback only */
        .ca_file = api->ca_file,
        .ca_system = ca_system && *ca_system ? ca_system : NULL,
        .verify_tls = !api->disable_tls_verify,
        .proxy = api->proxy,
        .no_proxy = no_proxy,
        .proxy_auth = *proxy_auth,
        .connect_timeout_ms = api->connect_timeout_ms,
        .stall_timeout_ms = api->stall_timeout_ms,
        .answer_timeout_ms = api->answer_timeout_ms,
        .requests_per_second = (unsigned)api->requests_per_second,
        .upload_rate = config->transfers.bandwidth,
    };
    struct http_options chosen = options;

    if (!read_proxy_auth(api->proxy_auth_file, proxy_auth, err))
        return NULL;
    chosen.proxy_auth = *proxy_auth;
    return http_new(loop, &chosen, err);
}

static struct template *compile_path(const char *text, struct err *err)
{
    struct template *path = template_new(text, sbom_path_names, err);

    if (path && path_name_check(path, err))
        return path;
    template_free(path);
    err_wrap(err, "sbom.path");
    return NULL;
}

bool setup_flow(const struct config *config, struct flow_settings *settings,
                struct setup_sboms *sboms, struct err *err)
{
    const struct config_sbom *sbom = &config->sbom;

    *sboms = (struct setup_sboms){.path = compile_path(sbom->path, err)};
    if (!sboms->path)
        return false;
    sboms->formats = xcalloc(sbom->format_count, sizeof *sboms->formats);
    for (size_t i = 0; i < sbom->format_count; i++)
        sboms->formats[i] = (struct flow_format){sbom->formats[i].name, sbom->formats[i].query};
    *settings = (struct flow_settings){
        .api_url = config->api.url,
        .state_dir = config->state_dir,
        .retry = {config->transfers.retry.base_ms, config->transfers.retry.cap_ms},
        .give_up_after_ms = config->transfers.retry.give_up_after_ms,
        .wait_analysis = config->analysis.wait,
        .poll_interval_ms = config->analysis.poll_interval_ms,
        .alert_after_ms = config->analysis.alert_after_ms,
        .sbom_directory = sbom->directory,
        .sbom_path = sboms->path,
        .file_mode = (unsigned)sbom->file_mode,
        .keep = {sbom->keep.revisions, sbom->keep.ms},
        .min_components_permille = sbom->min_components_permille,
        .formats = sboms->formats,
        .format_count = sbom->format_count,
    };
    return true;
}

void setup_sboms_release(struct setup_sboms *sboms)
{
    template_free(sboms->path);
    free(sboms->formats);
    *sboms = (struct setup_sboms){0};
}
