/* doctor_config.c - versions, the configuration, and what it says about the way out. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/mem.h"
#include "cli/doctor_parts.h"
#include "cli/doctor_route.h"
#include "cli/help.h"
#include "cli/verify.h"
#include "cli/version.h"
#include "net/http.h"

enum { PEM_MAX_BYTES = 16 << 20, LINES_SHOWN = 5 };

static const char fix_it[] =
    "correct it, config check tells everything; what rests on it was not looked at";

/* ---- versions ---- */

/* "libuv     1.44.2" and so on, on one line. Caller frees. */
static char *join_lines(const char *text)
{
    char *line = xcalloc(strlen(text) + 1, 2);
    char *end = line;

    while (*text) {
        size_t blanks = strspn(text, " \n");

        if (blanks > 0 && text[blanks] != '\0')
            end = stpncpy(end, memchr(text, '\n', blanks) ? ", " : " ", 2);
        text += blanks;
        size_t size = strcspn(text, " \n");
        memcpy(end, text, size);
        end += size;
        text += size;
    }
    return line;
}

/* The same words as --version: there is one list of libraries. */
void doctor_program(struct doctor *doctor)
{
    auto_free char *lines = NULL;
    size_t size = 0;
    struct out out;
    FILE *stream = open_memstream(&lines, &size);

    if (!stream)
        abort();
    out_init(&out, stream);
    help_version(&out);
    fclose(stream);
    auto_free char *line = join_lines(lines);
    doctor_ok(doctor, "version", "%s", line);
}

/* ---- configuration ---- */

static void fail(struct doctor *doctor, const char *line)
{
    const struct doctor_trouble trouble = {
        .name = "configuration",
        .action = fix_it,
        .area = DOCTOR_CONFIGURATION,
        .kind = ERR_CONFIG,
    };

    doctor_fail(doctor, &trouble, "%s", line);
}

/* The first few: config check has room for all. */
static void fail_lines(struct doctor *doctor, char *const *lines, size_t count, size_t more)
{
    size_t shown = count < LINES_SHOWN ? count : LINES_SHOWN;

    for (size_t i = 0; i < shown; i++)
        fail(doctor, lines[i]);
    more += count - shown;
    if (more > 0) {
        auto_free char *rest = xasprintf("and %zu more", more);

        fail(doctor, rest);
    }
}

static void warn_lines(struct doctor *doctor, const struct config_problems *problems)
{
    for (size_t i = 0; i < problems->warning_count && i < LINES_SHOWN; i++)
        doctor_warn(doctor, "configuration", "see config check", "%s", problems->warnings[i]);
}

/* Globs and templates too, as config check does. */
static bool check_watches(struct doctor *doctor, const struct config *config)
{
    struct verify_problems problems = {0};

    verify_watches(config, &problems);
    bool ok = problems.count == 0;
    fail_lines(doctor, problems.lines, problems.count, 0);
    verify_release(&problems);
    return ok;
}

static bool load(struct doctor *doctor)
{
    struct settings *settings = &doctor->session->settings;
    struct config_problems problems = {0};
    struct err err = {.kind = ERR_OK};
    bool ok = settings_read(settings, &settings->config, &problems, &err);

    warn_lines(doctor, &problems);
    fail_lines(doctor, problems.errors, problems.error_count, problems.errors_more);
    /* No line of a file: the file itself, which was named and is not there. */
    if (!ok && problems.error_count == 0)
        fail(doctor, err.message);
    config_problems_release(&problems);
    return ok;
}

/*
 * Nothing is assumed in place of what is wrong: a token must not go to an address that
 * nobody meant, and a default directory would tell of another agent's state.
 */
const struct config *doctor_configuration(struct doctor *doctor)
{
    const struct settings *settings = &doctor->session->settings;

    if (!load(doctor) || !check_watches(doctor, settings->config))
        return NULL;
    if (settings->file) {
        doctor_ok(doctor, "configuration", "%s, valid, %zu watch%s", settings->file,
                  settings->config->watch_count, settings->config->watch_count == 1 ? "" : "es");
    } else {
        doctor_ok(doctor, "configuration", "no file: options, environment and built-in defaults");
    }
    return settings->config;
}

/* ---- the way out ---- */

/* Where the address comes from is told, since four places may say it. */
static void tell_address(struct doctor *doctor, const struct config *config)
{
    auto_free char *origin = config_origin(config, "api.url");

    if (strncasecmp(config->api.url, "https:", 6) == 0)
        doctor_ok(doctor, "platform address", "%s (%s)", config->api.url, origin);
    else
        doctor_warn(doctor, "platform address", "fine for tests on this machine only",
                    "%s (%s) is not encrypted", config->api.url, origin);
}

/* How many certificates are in a PEM file; *why is NULL, or why they cannot be used. */
static size_t count_certificates(const char *path, const char **why)
{
    static const char mark[] = "-----BEGIN ";
    auto_buf struct buf pem = {.max = PEM_MAX_BYTES};
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct err err;
    size_t count = 0;

    if (fd < 0) {
        *why = strerrordesc_np(errno);
        return 0;
    }
    if (!buf_read_fd(&pem, fd, &err) || pem.size == 0) {
        *why = "it cannot be read";
        return 0;
    }
    for (const char *at = strstr(pem.bytes, mark); at; at = strstr(at + 1, mark))
        count++;
    *why = count > 0 ? NULL : "no PEM certificate is in it";
    return count;
}

static void tell_store(struct doctor *doctor, const char *name, const char *path,
                       const char *source)
{
    const struct doctor_trouble trouble = {
        .name = name,
        .action = "name a readable file of PEM certificates",
        .area = DOCTOR_CONFIGURATION,
        .kind = ERR_CONFIG,
    };
    const char *why = NULL;
    size_t count = count_certificates(path, &why);

    if (why)
        doctor_fail(doctor, &trouble, "%s (%s): %s", path, source, why);
    else
        doctor_ok(doctor, name, "%s (%s), %zu certificate%s", path, source, count,
                  count == 1 ? "" : "s");
}

/* As net/ chooses: $SSL_CERT_FILE, else the system's folder or file; api.ca_file is added. */
static void tell_trust(struct doctor *doctor, const struct config *config)
{
    const char *named = doctor->session->environment("SSL_CERT_FILE");
    const char *usual = version_trust_store();
    const char *folder = http_trust_folder();

    if (config->api.disable_tls_verify)
        doctor_warn(doctor, "trust store", "leave --disable-tls-verify out; use --ca-file",
                    "certificates are not checked: everybody on the way can read the token");
    if (named && *named)
        tell_store(doctor, "trust store", named, "SSL_CERT_FILE");
    else if (folder)
        doctor_ok(doctor, "trust store", "%s (the system's)", folder);
    else if (usual && access(usual, R_OK) == 0)
        tell_store(doctor, "trust store", usual, "the system's");
    else
        doctor_warn(doctor, "trust store", "install the package ca-certificates",
                    "the system has none at %s", usual ? usual : "any known place");
    if (config->api.ca_file) {
        auto_free char *origin = config_origin(config, "api.ca_file");

        tell_store(doctor, "more trust", config->api.ca_file, origin);
    }
}

/* Which proxy, and who says so. Its user and password stay where they are. */
static void tell_proxy(struct doctor *doctor, const struct config *config)
{
    const struct doctor_trouble trouble = {
        .name = "proxy",
        .action = "write it as http://host:port",
        .area = DOCTOR_CONFIGURATION,
        .kind = ERR_CONFIG,
    };
    struct doctor_route route;

    if (!doctor_route_find(&config->api, doctor->session->environment, &route)) {
        doctor_fail(doctor, &trouble, "no host is in what %s says",
                    route.proxy_source ? route.proxy_source : "api.url");
    } else if (route.proxy_source) {
        doctor_ok(doctor, "proxy", "%s port %s (%s)%s", route.host, route.port, route.proxy_source,
                  config->api.proxy_auth_file ? ", signed in by api.proxy_auth_file" : "");
    } else if (route.bypass) {
        doctor_ok(doctor, "proxy", "none for this host: %s lists it", route.bypass);
    } else {
        doctor_ok(doctor, "proxy", "none");
    }
    doctor_route_release(&route);
}

void doctor_network(struct doctor *doctor, const struct config *config)
{
    tell_address(doctor, config);
    tell_trust(doctor, config);
    tell_proxy(doctor, config);
}
