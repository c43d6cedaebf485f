// also: i386 ppc
// cc: -O2 -pthread
// cc[static]: -O2 -static -pthread
// C++ exceptions: through many frames, out of threads, nested, with destructors, rethrown, from a signal-free deep recursion, thousands of times.
#include <cstdio>
#include <future>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

static int destroyed;

struct Tracked {
    ~Tracked() { destroyed++; }
};

struct Error : std::runtime_error {
    int code;
    Error(int c) : std::runtime_error("code " + std::to_string(c)), code(c) {}
};

static __attribute__((noinline)) int dive(int n)
{
    Tracked t;
    if (n == 0)
        throw Error(42);
    return dive(n - 1) + 1;
}

static int nested(int n)
{
    try {
        try {
            dive(n);
        } catch (const std::exception &) {
            throw;
        }
    } catch (const Error &e) {
        try {
            throw std::string("inner");
        } catch (const std::string &s) {
            return e.code + (int)s.size();
        }
    }
    return -1;
}

int main()
{
    int sum = 0;
    for (int i = 0; i < 1000; i++)
        sum += nested(i % 50);
    std::printf("sum %d destroyed %d\n", sum, destroyed);

    std::vector<std::future<int>> futures;
    for (int i = 0; i < 8; i++)
        futures.push_back(std::async(std::launch::async, [i] { return i % 2 ? dive(i) : i; }));
    for (auto &f : futures) {
        try {
            std::printf("value %d\n", f.get());
        } catch (const Error &e) {
            std::printf("caught %s\n", e.what());
        }
    }
    std::map<std::string, int> words;
    for (int i = 0; i < 10000; i++)
        words["w" + std::to_string(i * 7919 % 1000)] += i;
    long long check = 0;
    for (auto &[k, v] : words)
        check = check * 31 + v + (long long)k.size();
    std::printf("words %zu check %lld\n", words.size(), check);
    try {
        std::vector<int>().at(5);
    } catch (const std::out_of_range &) {
        std::puts("out of range");
    }
    return 0;
}
