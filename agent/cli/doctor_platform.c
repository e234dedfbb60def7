/*
 * doctor_platform.c - the token, then name, connection, certificate, answer: a failure is
 * told at the step where it is, with what helps there.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/mem.h"
#include "cli/doctor_parts.h"
#include "cli/doctor_route.h"
#include "cli/platform.h"
#include "cli/token_source.h"

enum { DAY_MS = 24 * 60 * 60 * 1000, EXPIRY_WARN_DAYS = 14 };

static const char wrong_token[] = "put a new token in this place";

/* The token and what the platform said about it. */
struct patient {
    struct doctor *doctor;
    const struct config *config;
    struct secret *token; /* NULL: none that could be sent */
    char origin[TOKEN_ORIGIN_SIZE];
    struct identity identity;
    bool is_known; /* identity is filled */
};

static void fail(struct patient *patient, const struct doctor_trouble *trouble, const char *text)
{
    doctor_fail(patient->doctor, trouble, "%s", text);
}

/* ---- the token ---- */

/* The layers below warn in the log of it, which doctor keeps silent. */
static void check_token_file(struct patient *patient, const struct token_options *source)
{
    auto_free char *path = token_path(source);
    struct stat facts;

    if (path && stat(path, &facts) == 0 && (facts.st_mode & S_IROTH))
        doctor_warn(patient->doctor, "token file", "chmod 0640 it",
                    "%s: everybody on this machine can read it", path);
}

static void read_token(struct patient *patient)
{
    const struct doctor_trouble trouble = {"token", "token check tells more", DOCTOR_TOKEN,
                                           ERR_AUTH};
    const struct token_options source = token_source(patient->doctor->session);
    struct err err;

    if (!token_read(&source, &patient->token, patient->origin, &err))
        fail(patient, &trouble, err.message);
    else
        check_token_file(patient, &source);
}

/* The platform does not tell when a token ends; only what a person configured is known. */
static void tell_expiry(struct patient *patient)
{
    int64_t expires_ms = patient->config->api.token_expires_ms;
    int64_t days = (expires_ms - clock_wall_ms()) / DAY_MS;
    char when[CLOCK_TEXT_SIZE];

    if (expires_ms == 0)
        return;
    clock_text(expires_ms, when);
    if (expires_ms < clock_wall_ms()) {
        doctor_warn(patient->doctor, "token expiry", "make a new one, correct api.token_expires",
                    "%.10s, by the configuration: that day is past", when);
    } else if (days < EXPIRY_WARN_DAYS) {
        doctor_warn(patient->doctor, "token expiry", "make a new one in time",
                    "%.10s, by the configuration: in %jd day%s", when, (intmax_t)days,
                    days == 1 ? "" : "s");
    } else {
        doctor_ok(patient->doctor, "token expiry", "%.10s, by the configuration: in %jd days", when,
                  (intmax_t)days);
    }
}

static void tell_token(struct patient *patient)
{
    const char *fingerprint = secret_fingerprint(patient->token);
    const char *email = patient->identity.email;

    if (!patient->is_known) {
        doctor_warn(patient->doctor, "token", "first let the platform be reached",
                    "from %s, fingerprint %s: not tried", patient->origin, fingerprint);
    } else {
        doctor_ok(patient->doctor, "token", "from %s, fingerprint %s: tenant %s%s%s",
                  patient->origin, fingerprint, patient->identity.tenant,
                  email && *email ? ", " : "", email ? email : "");
    }
    tell_expiry(patient);
}

/* ---- name and connection ---- */

static const struct doctor_trouble no_name = {
    "name", "look at the spelling of api.url or the proxy, and at /etc/resolv.conf",
    DOCTOR_PLATFORM, ERR_NETWORK};
static const struct doctor_trouble no_connection = {
    "connection", "open the firewall for it, or name the proxy that must be used (api.proxy)",
    DOCTOR_PLATFORM, ERR_NETWORK};

/* 0 or an errno value. */
static int connect_within(const struct addrinfo *address, int64_t timeout_ms)
{
    auto_fd int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error = 0;
    socklen_t size = sizeof error;

    if (fd < 0)
        return errno;
    if (connect(fd, address->ai_addr, address->ai_addrlen) == 0)
        return 0;
    if (errno != EINPROGRESS)
        return errno;
    struct pollfd wait = {.fd = fd, .events = POLLOUT};
    int ready = poll(&wait, 1, (int)timeout_ms);
    if (ready <= 0)
        return ready == 0 ? ETIMEDOUT : errno;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        return errno;
    return error;
}

/* In figures: that is what a firewall's rules are written in. */
static void address_text(const struct addrinfo *address, char text[NI_MAXHOST])
{
    if (getnameinfo(address->ai_addr, address->ai_addrlen, text, NI_MAXHOST, NULL, 0,
                    NI_NUMERICHOST) != 0)
        snprintf(text, NI_MAXHOST, "an address");
}

/* True when one of the addresses takes connections. */
static bool check_connection(struct patient *patient, const struct doctor_route *route,
                             const struct addrinfo *addresses)
{
    const char *whose = route->proxy_source ? "the proxy " : "";
    char text[NI_MAXHOST] = "";
    int error = 0;

    for (const struct addrinfo *address = addresses; address; address = address->ai_next) {
        int64_t began_ms = clock_steady_ms();

        error = connect_within(address, patient->config->api.connect_timeout_ms);
        address_text(address, text);
        if (error == 0) {
            doctor_ok(patient->doctor, "connection", "%s%s port %s answers after %jd ms", whose,
                      text, route->port, (intmax_t)(clock_steady_ms() - began_ms));
            return true;
        }
    }
    doctor_fail(patient->doctor, &no_connection, "%s%s port %s: %s", whose, text, route->port,
                strerrordesc_np(error));
    return false;
}

/*
 * The resolver of the system is asked, as libcurl does. Behind a proxy only that is looked
 * up: the platform's own name often has no meaning inside.
 */
static bool check_route(struct patient *patient, const struct doctor_route *route)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *addresses = NULL;
    char text[NI_MAXHOST];
    int code = getaddrinfo(route->host, route->port, &hints, &addresses);

    if (code != 0) {
        doctor_fail(patient->doctor, &no_name, "%s: %s", route->host, gai_strerror(code));
        return false;
    }
    address_text(addresses, text);
    if (strcmp(text, route->host) != 0)
        doctor_ok(patient->doctor, "name", "%s is %s", route->host, text);
    bool ok = check_connection(patient, route, addresses);
    freeaddrinfo(addresses);
    return ok;
}

static bool is_reachable(struct patient *patient)
{
    struct doctor_route route;
    bool ok =
        doctor_route_find(&patient->config->api, patient->doctor->session->environment, &route) &&
        check_route(patient, &route);

    doctor_route_release(&route);
    return ok;
}

/* ---- the question ---- */

static const struct doctor_trouble no_trust = {
    "certificate",
    "add the authority's certificate with api.ca_file (--ca-file), and look at the clock",
    DOCTOR_PLATFORM, ERR_NETWORK};

/* libcurl does not say at which step a connection was lost, but in its words. */
static bool is_about_tls(const char *message)
{
    static const char *const words[] = {"certificate", "SSL", "TLS"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcasestr(message, words[i]))
            return true;
    }
    return false;
}

static void tell_answer(struct patient *patient)
{
    bool is_https = strncasecmp(patient->config->api.url, "https:", 6) == 0;

    if (is_https && !patient->config->api.disable_tls_verify)
        doctor_ok(patient->doctor, "certificate", "trusted");
    doctor_ok(patient->doctor, "platform", "answers");
}

/* Everything that the question can end with, and what a person does about it. */
static void tell_failure(struct patient *patient, const struct err *err)
{
    const struct doctor_trouble token = {"token", wrong_token, DOCTOR_TOKEN, err->kind};
    const struct doctor_trouble tenant = {
        "tenant", "use that tenant's token, or correct api.tenant", DOCTOR_TOKEN, ERR_TENANT};
    const struct doctor_trouble stranger = {
        "platform", "look at api.url, and whether a proxy or a sign-in page answers in its place",
        DOCTOR_PLATFORM, err->kind};
    const struct doctor_trouble other = {"platform", "try again later; its operators know more",
                                         DOCTOR_PLATFORM, err->kind};

    if (err->kind == ERR_NETWORK && is_about_tls(err->message)) {
        fail(patient, &no_trust, err->message);
        return;
    }
    if (err->kind == ERR_AUTH || err->kind == ERR_RIGHTS || err->kind == ERR_TENANT) {
        tell_answer(patient);
        fail(patient, err->kind == ERR_TENANT ? &tenant : &token, err->message);
        return;
    }
    fail(patient, err->kind == ERR_PROTOCOL || err->kind == ERR_REJECTED ? &stranger : &other,
         err->message);
}

/* The cheapest question that the platform knows, with three tries as everywhere. */
static void ask(struct patient *patient)
{
    const struct doctor_trouble trouble = {"platform", "correct the configuration",
                                           DOCTOR_CONFIGURATION, ERR_CONFIG};
    struct err err = {.kind = ERR_OK};
    auto_platform struct platform *platform =
        platform_new(patient->config, patient->token, patient->doctor->session->environment, &err);

    if (!platform) {
        fail(patient, &trouble, err.message);
        return;
    }
    patient->is_known = platform_identity(platform, &patient->identity, &err);
    if (patient->is_known) {
        tell_answer(patient);
        return;
    }
    platform_explain_refusal(patient->token, patient->origin, &err);
    tell_failure(patient, &err);
    identity_release(&patient->identity);
    patient->identity = (struct identity){0};
}

void doctor_platform(struct doctor *doctor, const struct config *config)
{
    struct patient patient = {.doctor = doctor, .config = config};

    read_token(&patient);
    bool is_there = is_reachable(&patient);
    /* A token is only asked about where somebody answers: three tries would tell no more. */
    if (patient.token && is_there)
        ask(&patient);
    if (patient.token && (patient.is_known || !is_there))
        tell_token(&patient);
    identity_release(&patient.identity);
    secret_free(patient.token);
}
