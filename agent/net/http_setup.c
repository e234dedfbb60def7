/*
 * http_setup.c - the options of every transfer, each against something that was seen to go wrong.
 *
 * No redirect, no netrc, no other protocol, no cookie: the platform needs none of them, and each
 * is a way for a token or a firmware image to end up elsewhere.
 */
#include "net/http_setup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/printable.h"
#include "net/http_url.h"

enum {
    CA_MAX_BYTES = 16 << 20,
    HASH_SIZE = 8,
    KEEPALIVE_IDLE_S = 60,
    KEEPALIVE_INTERVAL_S = 15,
    CONNECTION_LIFE_S = 3600, /* certificates of kept connections are looked at again */
};

struct http_setup {
    char *api_url;
    bool api_is_plain;
    bool verify_tls;
    char *proxy;
    char *no_proxy;
    const struct secret *proxy_auth;
    char *ca_path;   /* NULL: libcurl's default; with ca_folder: none */
    char *ca_folder; /* hashed: only what is needed of it is read; or NULL */
    int ca_fd;       /* what ca_path is, when two files were joined; else -1 */
    int64_t connect_timeout_ms;
    unsigned user_timeout_ms;
};

/* The only place in the program where a secret becomes a string. */
static const char *reveal(const struct secret *secret)
{
    return secret_reveal(secret);
}

static bool add_pem(struct buf *pem, const char *path, struct err *err)
{
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t before = pem->size;

    if (fd < 0)
        return err_sys(err, errno, "open it");
    if (!buf_read_fd(pem, fd, err))
        return err_wrap(err, "read it");
    if (pem->size == before ||
        !memmem(pem->bytes + before, pem->size - before, "-----BEGIN ", strlen("-----BEGIN ")))
        return err_set(err, ERR_CONFIG, "no PEM certificate is in it");
    return buf_add_text(pem, "\n", err);
}

static bool add_named_pem(struct buf *pem, const char *path, struct err *err)
{
    auto_free char *shown = NULL;

    if (add_pem(pem, path, err))
        return true;
    shown = printable_new(path);
    err->kind = ERR_CONFIG;
    return err_wrap(err, "read certificates %s", shown);
}

static bool write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t put = write(fd, bytes, size);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        bytes += put;
        size -= (size_t)put;
    }
    return true;
}

/*
 * Without a hashed folder: libcurl parses a file of certificates once per process only when it has
 * a name, not from memory; so two files become one that has no other name than this.
 */
static bool join_in_memory(struct http_setup *setup, const struct buf *pem, struct err *err)
{
    setup->ca_fd = memfd_create("certificates", MFD_CLOEXEC);
    if (setup->ca_fd < 0 || !write_all(setup->ca_fd, pem->bytes, pem->size))
        return err_sys(err, errno, "keep certificates in memory");
    setup->ca_path = xasprintf("/proc/self/fd/%d", setup->ca_fd);
    return true;
}

/* As c_rehash and update-ca-certificates leave it: "1d3472b9.0" and the like. */
static bool is_hash_name(const char *name)
{
    return strspn(name, "0123456789abcdef") == HASH_SIZE && strcmp(name + HASH_SIZE, ".0") == 0;
}

static bool is_hashed_folder(const char *folder)
{
    DIR *directory = opendir(folder);
    const struct dirent *entry;
    bool is_hashed = false;

    while (directory && !is_hashed && (entry = readdir(directory)))
        is_hashed = is_hash_name(entry->d_name);
    if (directory)
        closedir(directory);
    return is_hashed;
}

const char *http_trust_folder(void)
{
    const char *folder = curl_version_info(CURLVERSION_NOW)->capath;

    return folder && is_hashed_folder(folder) ? folder : NULL;
}

/*
 * Parsing every certificate of the system takes longer than all else that a short command does.
 * From a hashed folder OpenSSL takes the one that it looks for.
 */
static bool choose_folder(struct http_setup *setup, const struct http_options *options,
                          const char *folder, struct err *err)
{
    auto_buf struct buf pem = {.max = CA_MAX_BYTES};

    setup->ca_folder = xstrdup(folder);
    if (!options->ca_file)
        return true;
    setup->ca_path = xstrdup(options->ca_file);
    return add_named_pem(&pem, options->ca_file, err);
}

static bool choose_file(struct http_setup *setup, const struct http_options *options,
                        struct err *err)
{
    const char *system =
        options->ca_system ? options->ca_system : curl_version_info(CURLVERSION_NOW)->cainfo;
    auto_buf struct buf pem = {.max = CA_MAX_BYTES};

    /* A machine without ca-certificates may still do with ca_file, or with http:// alone. */
    if (!options->ca_system && system && access(system, R_OK) < 0)
        system = NULL;
    if (system && !add_named_pem(&pem, system, err))
        return false;
    if (!options->ca_file) {
        setup->ca_path = system ? xstrdup(system) : NULL;
        return true;
    }
    return add_named_pem(&pem, options->ca_file, err) && join_in_memory(setup, &pem, err);
}

static bool choose_trust(struct http_setup *setup, const struct http_options *options,
                         struct err *err)
{
    const char *folder = options->ca_system ? NULL : http_trust_folder();

    return folder ? choose_folder(setup, options, folder, err) : choose_file(setup, options, err);
}

/* A vanished peer is found by the kernel too, even while nothing is to be sent. */
static int prepare_socket(void *userdata, curl_socket_t fd, curlsocktype purpose)
{
    const struct http_setup *setup = userdata;

    (void)purpose;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &setup->user_timeout_ms,
                     sizeof setup->user_timeout_ms);
    return CURL_SOCKOPT_OK;
}

static void apply_trust(const struct http_setup *setup, struct http_easy *easy)
{
    http_easy_set(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    http_easy_set(easy, CURLOPT_SSL_VERIFYPEER, setup->verify_tls ? 1L : 0L);
    http_easy_set(easy, CURLOPT_SSL_VERIFYHOST, setup->verify_tls ? 2L : 0L);
    http_easy_set(easy, CURLOPT_PROXY_SSL_VERIFYPEER, setup->verify_tls ? 1L : 0L);
    http_easy_set(easy, CURLOPT_PROXY_SSL_VERIFYHOST, setup->verify_tls ? 2L : 0L);
    if (!setup->ca_path && !setup->ca_folder)
        return;
    http_easy_set(easy, CURLOPT_CAINFO, setup->ca_path);
    http_easy_set(easy, CURLOPT_CAPATH, setup->ca_folder);
    http_easy_set(easy, CURLOPT_PROXY_CAINFO, setup->ca_path);
    http_easy_set(easy, CURLOPT_PROXY_CAPATH, setup->ca_folder);
}

/* Our headers are for the platform: a proxy sees those of its own CONNECT only. */
static void apply_proxy(const struct http_setup *setup, struct http_easy *easy)
{
    /* Not set, the environment's variables stay in force; "" turns them off. */
    if (setup->proxy)
        http_easy_set(easy, CURLOPT_PROXY, setup->proxy);
    if (setup->no_proxy)
        http_easy_set(easy, CURLOPT_NOPROXY, setup->no_proxy);
    http_easy_set(easy, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
    http_easy_set(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

/* libcurl decodes both as parts of a URL. */
static void set_proxy_secret(struct http_easy *easy, const char *login)
{
    size_t user_size = strcspn(login, ":");
    const char *password = login[user_size] == ':' ? login + user_size + 1 : "";
    char *user = curl_easy_escape(NULL, login, (int)user_size);
    char *secret = curl_easy_escape(NULL, password, 0);

    if (!user || !secret)
        abort();
    http_easy_set(easy, CURLOPT_PROXYAUTH, (long)CURLAUTH_BASIC);
    http_easy_set(easy, CURLOPT_PROXYUSERNAME, user);
    http_easy_set(easy, CURLOPT_PROXYPASSWORD, secret);
    explicit_bzero(secret, strlen(secret));
    curl_free(secret);
    curl_free(user);
}

static void copy_options(struct http_setup *setup, const struct http_options *options)
{
    setup->api_url = xstrdup(options->api_url);
    setup->api_is_plain = http_url_is_plain(options->api_url);
    setup->verify_tls = options->verify_tls;
    setup->proxy = options->proxy ? xstrdup(options->proxy) : NULL;
    setup->no_proxy = options->no_proxy ? xstrdup(options->no_proxy) : NULL;
    setup->proxy_auth = options->proxy_auth;
    setup->connect_timeout_ms = options->connect_timeout_ms;
    /* Later than our own watchdog, which can tell why. */
    setup->user_timeout_ms = (unsigned)(2 * options->stall_timeout_ms + 30000);
}

struct http_setup *http_setup_new(const struct http_options *options, struct err *err)
{
    if (!http_url_check(options->api_url, err)) {
        err->kind = ERR_CONFIG;
        err_wrap(err, "use the API's address");
        return NULL;
    }
    if (http_url_is_plain(options->api_url) && !options->allow_http) {
        err_set(err, ERR_CONFIG,
                "use the API's address: it is http://, the token would be readable");
        return NULL;
    }
    struct http_setup *setup = xcalloc(1, sizeof *setup);
    setup->ca_fd = -1;
    copy_options(setup, options);
    if (!choose_trust(setup, options, err)) {
        http_setup_free(setup);
        return NULL;
    }
    return setup;
}

void http_setup_free(struct http_setup *setup)
{
    if (!setup)
        return;
    if (setup->ca_fd >= 0)
        close(setup->ca_fd);
    free(setup->api_url);
    free(setup->proxy);
    free(setup->no_proxy);
    free(setup->ca_path);
    free(setup->ca_folder);
    free(setup);
}

bool http_setup_check(const struct http_setup *setup, const char *url, bool authenticated,
                      bool allow_http, struct err *err)
{
    if (!http_url_check(url, err))
        return false;
    if (authenticated && !http_url_same_origin(setup->api_url, url)) {
        auto_free char *host = http_url_host(url);

        return err_set(err, ERR_MALFORMED,
                       "upload URL is on another origin (%.200s); the token was not sent", host);
    }
    if (http_url_is_plain(url) && !setup->api_is_plain && !allow_http)
        return err_set(err, ERR_MALFORMED, "the URL is http:// though the API is https://");
    return true;
}

void http_setup_apply(const struct http_setup *setup, struct http_easy *easy, const char *url)
{
    http_easy_set(easy, CURLOPT_URL, url);
    http_easy_set(easy, CURLOPT_PROTOCOLS_STR, http_url_is_plain(url) ? "http" : "https");
    http_easy_set(easy, CURLOPT_FOLLOWLOCATION, 0L);
    http_easy_set(easy, CURLOPT_REDIR_PROTOCOLS_STR, "https");
    http_easy_set(easy, CURLOPT_UNRESTRICTED_AUTH, 0L);
    http_easy_set(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    /* HTTP/2 uploads spin in libcurl 7.88 when the server's window is full. */
    http_easy_set(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    http_easy_set(easy, CURLOPT_NOSIGNAL, 1L);
    /* Else removing a transfer blocks the loop while a name is being looked up. */
    http_easy_set(easy, CURLOPT_QUICK_EXIT, 1L);
    http_easy_set(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)setup->connect_timeout_ms);
    http_easy_set(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    http_easy_set(easy, CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_IDLE_S);
    http_easy_set(easy, CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_INTERVAL_S);
    http_easy_set(easy, CURLOPT_MAXLIFETIME_CONN, (long)CONNECTION_LIFE_S);
    http_easy_set(easy, CURLOPT_SOCKOPTFUNCTION, prepare_socket);
    http_easy_set(easy, CURLOPT_SOCKOPTDATA, setup);
    http_easy_set(easy, CURLOPT_USERAGENT, "onekey-agent/" AGENT_VERSION);
    apply_trust(setup, easy);
    apply_proxy(setup, easy);
}

void http_setup_authorize(const struct http_setup *setup, struct http_easy *easy,
                          const struct secret *token)
{
    if (setup->proxy_auth)
        set_proxy_secret(easy, reveal(setup->proxy_auth));
    if (token) {
        http_easy_set(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
        http_easy_set(easy, CURLOPT_XOAUTH2_BEARER, reveal(token));
    }
}

void http_setup_redact(const struct secret *token, struct err *err)
{
    if (token && strstr(err->message, reveal(token)))
        err_record(err, err->kind, "the answer repeated the token; its words are withheld");
}
