/* Whom a transfer trusts, through whom it goes, and where the secrets are. */
#include "test.h"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include "rig.h"

static void say_ok(struct visit *visit)
{
    while (peer_read_head(visit) && peer_read_body(visit))
        peer_answer(visit, "200 OK", "application/json", "{}");
}

static void ask(struct rig *rig, const char *url, struct outcome *outcome)
{
    struct err err;
    const struct http_call call = {.url = url, .max_answer = 65536, .any_answer = true};

    *outcome = (struct outcome){0};
    if (!http_send(rig->http, &call, rig_done, outcome, &err))
        fail_msg("%s", err.message);
    rig_run(rig, outcome);
}

static void ask_with_token(struct rig *rig, const char *url, struct outcome *outcome)
{
    struct err err;
    const struct http_call call = {
        .url = url, .max_answer = 65536, .authenticated = true, .idempotent = true};

    *outcome = (struct outcome){0};
    if (!http_send(rig->http, &call, rig_done, outcome, &err))
        fail_msg("%s", err.message);
    rig_run(rig, outcome);
}

/* openssl's own server on a port of its choice, with a certificate made for 127.0.0.1. */
struct tls_peer {
    char folder[32];
    char cert[64], key[64];
    char url[64], other_name[64];
    pid_t pid;
};

static pid_t spawn(const char *const arguments[], int out)
{
    char *argv[32] = {0};
    posix_spawn_file_actions_t actions;
    pid_t pid;

    for (size_t i = 0; arguments[i]; i++)
        argv[i] = xstrdup(arguments[i]);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out, 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    assert_int_equal(posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    for (size_t i = 0; argv[i]; i++)
        free(argv[i]);
    return pid;
}

static void make_certificate(struct tls_peer *tls)
{
    const char *argv[] = {"openssl",
                          "req",
                          "-x509",
                          "-newkey",
                          "ec",
                          "-pkeyopt",
                          "ec_paramgen_curve:P-256",
                          "-nodes",
                          "-days",
                          "2",
                          "-subj",
                          "/CN=test",
                          "-addext",
                          "subjectAltName=IP:127.0.0.1",
                          "-keyout",
                          tls->key,
                          "-out",
                          tls->cert,
                          NULL};
    int out = open("/dev/null", O_WRONLY);
    int status;
    pid_t pid = spawn(argv, out);

    close(out);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void tls_start(struct tls_peer *tls)
{
    const char *argv[] = {"openssl", "s_server", "-accept", "127.0.0.1:0", "-cert",
                          tls->cert, "-key",     tls->key,  "-www",        NULL};
    char text[256] = "";
    size_t size = 0;
    ssize_t got;
    int ends[2];
    int port = 0;

    snprintf(tls->folder, sizeof tls->folder, "/tmp/net-tls-XXXXXX");
    assert_non_null(mkdtemp(tls->folder));
    snprintf(tls->cert, sizeof tls->cert, "%s/cert.pem", tls->folder);
    snprintf(tls->key, sizeof tls->key, "%s/key.pem", tls->folder);
    make_certificate(tls);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    tls->pid = spawn(argv, ends[1]);
    close(ends[1]);
    while (!strstr(text, "ACCEPT ") || !strchr(strstr(text, "ACCEPT "), '\n')) {
        got = read(ends[0], text + size, sizeof text - 1 - size);
        assert_true(got > 0);
        size += (size_t)got;
    }
    port = (int)strtol(strrchr(text, ':') + 1, NULL, 10);
    close(ends[0]);
    snprintf(tls->url, sizeof tls->url, "https://127.0.0.1:%d/", port);
    snprintf(tls->other_name, sizeof tls->other_name, "https://localhost:%d/", port);
}

static void tls_stop(struct tls_peer *tls)
{
    kill(tls->pid, SIGTERM);
    waitpid(tls->pid, NULL, 0);
    unlink(tls->cert);
    unlink(tls->key);
    rmdir(tls->folder);
}

static void certificates_decide_whom_we_talk_to(void **state)
{
    struct tls_peer tls;
    const struct {
        const char *why, *ca_file, *ca_system, *url;
        bool verify;
        enum err_kind kind;
    } rows[] = {
        {"the system does not know it", NULL, NULL, tls.url, true, ERR_NETWORK},
        {"our file is added to the system's", tls.cert, NULL, tls.url, true, ERR_OK},
        {"our file is the system's", NULL, tls.cert, tls.url, true, ERR_OK},
        {"both are given", tls.cert, tls.cert, tls.url, true, ERR_OK},
        {"a certificate of another name", tls.cert, NULL, tls.other_name, true, ERR_NETWORK},
        {"nobody looks", NULL, NULL, tls.url, false, ERR_OK},
    };

    (void)state;
    tls_start(&tls);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct rig rig;
        struct outcome outcome;
        struct http_options options = rig_options;

        options.ca_file = rows[i].ca_file;
        options.ca_system = rows[i].ca_system;
        options.verify_tls = rows[i].verify;
        rig_start_with(&rig, say_ok, NULL, options);
        for (int n = 0; n < 2; n++) { /* the second one finds the certificates parsed */
            ask(&rig, rows[i].url, &outcome);
            if (outcome.kind != rows[i].kind)
                fail_msg("%s: %s", rows[i].why, outcome.message);
            if (rows[i].kind == ERR_NETWORK)
                rig_want(&outcome, ERR_NETWORK, "SSL");
        }
        rig_stop(&rig);
    }
    tls_stop(&tls);
}

static void options_that_cannot_be_meant_are_configuration_errors(void **state)
{
    static const struct {
        const char *why, *api_url, *ca_file, *ca_system;
        bool allow_http;
        const char *words;
    } rows[] = {
        {"plain http", "http://a/", NULL, NULL, false, "http://"},
        {"not a web address", "ftp://a/", NULL, NULL, true, "address"},
        {"a password in it", "https://u:pw@a/", NULL, NULL, true, "user name"},
        {"a file that is not there", "https://a/", "/nonexistent\n", NULL, true,
         "read certificates /nonexistent\\x0a: "},
        {"nor the system's, when named", "https://a/", NULL, "/nonexistent", true, "/nonexistent"},
        {"no certificate in it", "https://a/", "/etc/hostname", NULL, true, "no PEM"},
        {"a folder", "https://a/", "/etc", NULL, true, "read certificates /etc"},
    };
    uv_loop_t loop;

    (void)state;
    uv_loop_init(&loop);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct http_options options = rig_options;
        struct err err = {0};

        options.api_url = rows[i].api_url;
        options.ca_file = rows[i].ca_file;
        options.ca_system = rows[i].ca_system;
        options.allow_http = rows[i].allow_http;
        assert_null(http_new(&loop, &options, &err));
        if (err.kind != ERR_CONFIG || !strstr(err.message, rows[i].words))
            fail_msg("%s: %s", rows[i].why, err.message);
        assert_null(strstr(err.message, "pw"));
    }
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void act_as_proxy(struct visit *visit)
{
    if (!peer_read_head(visit))
        return;
    if (strncmp(visit->head, "CONNECT", 7) == 0)
        peer_answer(visit, "407 Login", NULL, "");
    else
        peer_answer(visit, "200 OK", "application/json", "{}");
}

static void a_proxy_sees_its_own_secret_and_never_more_than_it_must(void **state)
{
    static const char login[] = "user:pa%40ss:w@rd";
    /* base64 of that, as it is */
    static const char header[] = "Proxy-Authorization: Basic dXNlcjpwYSU0MHNzOndAcmQ=\r\n";
    struct err err;
    struct secret *secret = secret_new(login, strlen(login), &err);
    static const struct {
        const char *why, *api_url, *url, *line;
        enum err_kind kind;
    } rows[] = {
        {"https is tunnelled", "https://api.invalid/api", "https://api.invalid/api/x",
         "CONNECT api.invalid:443 HTTP/1.1\r\n", ERR_NETWORK},
        {"http is handed over", "http://api.invalid/api", "http://api.invalid/api/x",
         "GET http://api.invalid/api/x HTTP/1.1\r\n", ERR_OK},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct peer proxy;
        struct rig rig;
        struct outcome outcome;
        char url[64];
        struct http_options options = rig_options;

        peer_start(&proxy, act_as_proxy, NULL);
        snprintf(url, sizeof url, "http://127.0.0.1:%d", proxy.port);
        options.proxy = url;
        options.proxy_auth = secret;
        options.api_url = rows[i].api_url;
        rig_start_with(&rig, say_ok, NULL, options);
        ask_with_token(&rig, rows[i].url, &outcome);
        rig_stop(&rig);
        peer_stop(&proxy);
        rig_want(&outcome, rows[i].kind, rows[i].kind == ERR_OK ? "" : "HTTP 407: the proxy");
        assert_int_equal(strncmp(proxy.heads, rows[i].line, strlen(rows[i].line)), 0);
        assert_non_null(strstr(proxy.heads, header));
        if (rows[i].kind != ERR_OK)
            assert_null(strstr(proxy.heads, "s3cret"));
    }
    secret_free(secret);
}

static void the_configuration_overrules_the_environments_proxy(void **state)
{
    static const struct {
        const char *why, *proxy, *no_proxy;
        bool through;
    } rows[] = {
        {"nothing is said: the environment counts", NULL, NULL, true},
        {"none", "", NULL, false},
        {"not for this host", NULL, "127.0.0.1", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct peer proxy;
        struct rig rig;
        struct outcome outcome;
        char url[64];
        struct http_options options = rig_options;

        peer_start(&proxy, act_as_proxy, NULL);
        snprintf(url, sizeof url, "http://127.0.0.1:%d", proxy.port);
        setenv("http_proxy", url, 1);
        options.proxy = rows[i].proxy;
        options.no_proxy = rows[i].no_proxy;
        rig_start_with(&rig, say_ok, NULL, options);
        ask(&rig, rig_url(&rig, "/x"), &outcome);
        rig_stop(&rig);
        peer_stop(&proxy);
        unsetenv("http_proxy");
        rig_want(&outcome, ERR_OK, "");
        if ((proxy.requests == 1) != rows[i].through)
            fail_msg("%s: %u requests at the proxy", rows[i].why, proxy.requests);
    }
}

static void session_keys_are_not_written_down(void **state)
{
    struct rig rig;

    (void)state;
    setenv("SSLKEYLOGFILE", "/tmp/keys", 1);
    rig_start(&rig, say_ok);
    assert_null(getenv("SSLKEYLOGFILE"));
    rig_stop(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(session_keys_are_not_written_down),
        cmocka_unit_test(certificates_decide_whom_we_talk_to),
        cmocka_unit_test(options_that_cannot_be_meant_are_configuration_errors),
        cmocka_unit_test(a_proxy_sees_its_own_secret_and_never_more_than_it_must),
        cmocka_unit_test(the_configuration_overrules_the_environments_proxy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
