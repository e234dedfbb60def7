/* What the service manager hears, on a socket of this test. */
#include "test.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "run/service.h"
#include "tree.h"

static struct {
    char socket_path[108];
    const char *watchdog;
} said; /* by the environment of the test that runs */

static const char *environment(const char *name)
{
    if (strcmp(name, "NOTIFY_SOCKET") == 0)
        return said.socket_path[0] ? said.socket_path : NULL;
    return strcmp(name, "WATCHDOG_USEC") == 0 ? said.watchdog : NULL;
}

static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t size = strlen(path);

    memcpy(address.sun_path, path, size);
    if (path[0] == '@')
        address.sun_path[0] = '\0';
    int fd = tree_ok(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket");
    tree_ok(bind(fd, (struct sockaddr *)&address,
                 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size)),
            path);
    snprintf(said.socket_path, sizeof said.socket_path, "%s", path);
    return fd;
}

/* The next message, "" for none: sending has put it there already. */
static const char *heard(int fd)
{
    static char text[256];
    ssize_t got = recv(fd, text, sizeof text - 1, 0);

    text[got > 0 ? got : 0] = '\0';
    return text;
}

static void speak(int fd)
{
    struct service *service = service_new(environment);

    service_ready(service);
    assert_string_equal(heard(fd), "READY=1");
    service_status(service, "sending 2 of 5");
    assert_string_equal(heard(fd), "STATUS=sending 2 of 5");
    service_status(service, "sending 2 of 5"); /* nothing new */
    assert_string_equal(heard(fd), "");
    service_status(service, "idle");
    assert_string_equal(heard(fd), "STATUS=idle");
    service_reloading(service);
    static const char reloading[] = "RELOADING=1\nMONOTONIC_USEC=";
    const char *text = heard(fd);
    assert_int_equal(strncmp(text, reloading, strlen(reloading)), 0);
    assert_true(strtoll(text + strlen(reloading), NULL, 10) > 0);
    service_stopping(service);
    assert_string_equal(heard(fd), "STOPPING=1");
    service_free(service);
}

static void the_service_manager_is_told_by_path_or_by_abstract_name(void **state)
{
    struct tree tree;
    char path[108];

    (void)state;
    tree_make(&tree);
    snprintf(path, sizeof path, "%s/notify", tree.path);
    int fd = listen_at(path);
    speak(fd);
    close(fd);
    snprintf(path, sizeof path, "@onekey-agent-test-%d", (int)getpid());
    fd = listen_at(path);
    speak(fd);
    close(fd);
    tree_remove(&tree);
}

static void the_watchdog_is_fed_twice_as_often_as_it_asks(void **state)
{
    struct tree tree;
    char path[108];

    (void)state;
    tree_make(&tree);
    snprintf(path, sizeof path, "%s/notify", tree.path);
    int fd = listen_at(path);
    said.watchdog = "30000000"; /* half a minute */
    struct service *service = service_new(environment);
    service_alive(service, 1000000);
    assert_string_equal(heard(fd), "WATCHDOG=1");
    service_alive(service, 1014999);
    assert_string_equal(heard(fd), "");
    service_alive(service, 1015000);
    assert_string_equal(heard(fd), "WATCHDOG=1");
    service_free(service);
    said.watchdog = NULL; /* not wanted */
    service = service_new(environment);
    service_alive(service, 9000000);
    assert_string_equal(heard(fd), "");
    service_free(service);
    close(fd);
    tree_remove(&tree);
}

static void without_a_listener_nothing_happens(void **state)
{
    static const char *const paths[] = {"", "relative", "@", "/nonexistent-folder/notify"};
    static char too_long[107 + 1];

    (void)state;
    memset(too_long, '/', sizeof too_long - 1);
    for (size_t i = 0; i <= COUNT_OF(paths); i++) {
        snprintf(said.socket_path, sizeof said.socket_path, "%s",
                 i < COUNT_OF(paths) ? paths[i] : too_long);
        struct service *service = service_new(environment);

        service_ready(service);
        service_status(service, "idle");
        service_alive(service, 1000);
        service_stopping(service);
        service_free(service);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_service_manager_is_told_by_path_or_by_abstract_name),
        cmocka_unit_test(the_watchdog_is_fed_twice_as_often_as_it_asks),
        cmocka_unit_test(without_a_listener_nothing_happens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
