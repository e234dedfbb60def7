#include "test.h"

#include "cli/doctor_route.h"

static void a_host_is_listed_by_itself_or_by_its_domain(void **state)
{
    static const struct {
        const char *why;
        const char *host;
        const char *list;
        bool want;
    } rows[] = {
        {"everything", "app.example.com", "*", true},
        {"itself", "app.example.com", "app.example.com", true},
        {"in other letters", "App.Example.COM", "app.example.com", true},
        {"its domain", "app.example.com", "example.com", true},
        {"its domain with a dot", "app.example.com", ".example.com", true},
        {"with dots at the end", "app.example.com.", "example.com.", true},
        {"the last of several", "app.corp", "a.b, c.d ,.corp", true},
        {"an address", "10.1.2.3", "10.1.2.3", true},
        {"only the end of a name", "myexample.com", "example.com", false},
        {"a longer name", "example.com", "app.example.com", false},
        {"another one", "app.example.com", "example.org", false},
        {"a star among others is none", "app.example.com", "a.b,*", false},
        {"only a dot", "app.example.com", ".", false},
        {"nothing", "app.example.com", "", false},
        {"only separators", "app.example.com", " , ,", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (doctor_route_is_listed(rows[i].host, rows[i].list) != rows[i].want)
            fail_msg("%s", rows[i].why);
    }
}

/* "name=value" words of the row under test. */
static const char *const *variables;

static const char *look_up(const char *name)
{
    size_t size = strlen(name);

    for (size_t i = 0; variables[i]; i++) {
        if (strncmp(variables[i], name, size) == 0 && variables[i][size] == '=')
            return variables[i] + size + 1;
    }
    return NULL;
}

#define API "https://app.example.com/api"

static void the_first_hop_is_found_as_libcurl_finds_it(void **state)
{
    static const char *const listed[] = {".example.com"};
    static const struct {
        const char *why;
        const char *url;
        const char *proxy;
        bool has_no_proxy;
        const char *variables[4];
        const char *host;
        const char *port;
        const char *source;
        const char *bypass;
    } rows[] = {
        {"straight on", API, NULL, false, {0}, "app.example.com", "443", NULL, NULL},
        {"another port", "https://h:8443/api", NULL, false, {0}, "h", "8443", NULL, NULL},
        {"plain", "http://127.0.0.1/api", NULL, false, {0}, "127.0.0.1", "80", NULL, NULL},
        {"an IPv6 address", "http://[::1]:81/api", NULL, false, {0}, "::1", "81", NULL, NULL},
        {"configured",
         API,
         "http://p:3128",
         false,
         {"https_proxy=q:1"},
         "p",
         "3128",
         "api.proxy",
         NULL},
        {"a proxy without a port", API, "socks5://p", false, {0}, "p", "1080", "api.proxy", NULL},
        {"a proxy over TLS", API, "https://p", false, {0}, "p", "443", "api.proxy", NULL},
        {"an IPv6 proxy",
         API,
         "http://[fd00::1]:3128",
         false,
         {0},
         "fd00::1",
         "3128",
         "api.proxy",
         NULL},
        {"the variable", API, NULL, false, {"HTTPS_PROXY=p:2"}, "p", "2", "HTTPS_PROXY", NULL},
        {"the small one goes first",
         API,
         NULL,
         false,
         {"HTTPS_PROXY=q:2", "https_proxy=p:1"},
         "p",
         "1",
         "https_proxy",
         NULL},
        {"for all",
         API,
         NULL,
         false,
         {"http_proxy=q:2", "ALL_PROXY=p:1"},
         "p",
         "1",
         "ALL_PROXY",
         NULL},
        {"an empty one is none",
         API,
         NULL,
         false,
         {"https_proxy="},
         "app.example.com",
         "443",
         NULL,
         NULL},
        {"HTTP_PROXY is not looked at",
         "http://127.0.0.1/",
         NULL,
         false,
         {"HTTP_PROXY=q:1"},
         "127.0.0.1",
         "80",
         NULL,
         NULL},
        {"no password, no user",
         API,
         NULL,
         false,
         {"https_proxy=http://u:p@ss@p:3128/x"},
         "p",
         "3128",
         "https_proxy",
         NULL},
        {"passed by",
         API,
         NULL,
         false,
         {"https_proxy=p:1", "no_proxy=example.com"},
         "app.example.com",
         "443",
         NULL,
         "no_proxy"},
        {"passed by as configured",
         API,
         "http://p:1",
         true,
         {0},
         "app.example.com",
         "443",
         NULL,
         "api.no_proxy"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct doctor_route route;
        const struct config_api api = {
            .url = rows[i].url,
            .proxy = rows[i].proxy,
            .no_proxy = {.items = listed, .count = rows[i].has_no_proxy ? 1 : 0},
        };

        variables = rows[i].variables;
        if (!doctor_route_find(&api, look_up, &route))
            fail_msg("%s: no host", rows[i].why);
        if (strcmp(route.host, rows[i].host) != 0 || strcmp(route.port, rows[i].port) != 0)
            fail_msg("%s: %s %s", rows[i].why, route.host, route.port);
        assert_string_equal(route.proxy_source ? route.proxy_source : "-",
                            rows[i].source ? rows[i].source : "-");
        assert_string_equal(route.bypass ? route.bypass : "-",
                            rows[i].bypass ? rows[i].bypass : "-");
        doctor_route_release(&route);
    }
}

static void a_proxy_without_a_host_is_no_way(void **state)
{
    static const char *const none[] = {NULL};
    static const char *const texts[] = {"http://", "http://u:p@", "http://:80", "http://[]:1"};

    (void)state;
    variables = none;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        const struct config_api api = {.url = API, .proxy = texts[i]};
        struct doctor_route route;

        if (doctor_route_find(&api, look_up, &route))
            fail_msg("%s: %s", texts[i], route.host);
        doctor_route_release(&route);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_is_listed_by_itself_or_by_its_domain),
        cmocka_unit_test(the_first_hop_is_found_as_libcurl_finds_it),
        cmocka_unit_test(a_proxy_without_a_host_is_no_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
