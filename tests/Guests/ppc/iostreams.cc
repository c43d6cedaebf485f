// cc: -O2 -pthread
// cc[static]: -O2 -pthread -static
// The C++ library: streams, containers, regular expressions, numbers to text and back, threads and futures.
#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <future>
#include <iomanip>
#include <iostream>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <random>
#include <regex>
#include <sstream>
#include <string>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>

int main()
{
    std::cout << std::boolalpha << true << ' ' << std::hex << std::showbase << 48879 << std::dec << ' ' << std::setw(8) << std::setfill('*') << -42 << '\n';
    std::cout << std::setprecision(17) << 0.1 << ' ' << 1e300 * 10 << ' ' << std::scientific << 1234.5 << ' ' << std::defaultfloat << -0.0 << '\n';
    std::cout << std::setprecision(31) << 1.0L / 3 << ' ' << std::numeric_limits<long double>::digits << '\n';
    std::cout << std::numeric_limits<long>::max() << ' ' << sizeof(void *) << ' ' << static_cast<int>(static_cast<char>(-1)) << '\n';

    std::istringstream in("12 0x1f 3.75 word");
    int i;
    std::string hex, word;
    double d;
    in >> i >> hex >> d >> word;
    std::cout << i << ' ' << std::stoul(hex, nullptr, 16) << ' ' << d << ' ' << word << ' ' << in.eof() << '\n';

    std::map<std::string, std::vector<int>> groups;
    std::mt19937 random(42);
    for (int n = 0; n < 1000; n++)
        groups[std::to_string(random() % 7)].push_back(n);
    for (auto &[name, values] : groups)
        std::cout << name << ':' << values.size() << ':' << std::accumulate(values.begin(), values.end(), 0) << ' ';
    std::cout << '\n';
    std::unordered_map<std::string, int> counts;
    std::smatch match;
    std::string text = "alpha=1; beta=22; gamma=333";
    std::regex pair("(\\w+)=(\\d+)");
    for (std::sregex_iterator it(text.begin(), text.end(), pair), end; it != end; ++it)
        counts[(*it)[1]] = std::stoi((*it)[2]);
    std::cout << counts["alpha"] + counts["beta"] + counts["gamma"] << '\n';

    char buffer[64];
    auto written = std::to_chars(buffer, buffer + sizeof buffer, 2.0 / 3);
    std::cout << std::string(buffer, written.ptr) << '\n';
    std::normal_distribution<double> normal(0, 1);
    double sum = 0;
    for (int n = 0; n < 1000; n++)
        sum += normal(random);
    std::cout << std::setprecision(10) << sum << '\n';

    std::atomic<int> hits{0};
    std::mutex lock;
    std::vector<std::thread> threads;
    uint64_t shared = 0;
    for (int t = 0; t < 8; t++)
        threads.emplace_back([&, t] {
            for (int n = 0; n < 1000; n++) {
                hits++;
                std::lock_guard guard(lock);
                shared += t;
            }
        });
    for (auto &t : threads)
        t.join();
    std::cout << hits << ' ' << shared << '\n';
    auto failing = std::async(std::launch::async, []() -> int { throw std::runtime_error("out of a thread"); });
    try {
        failing.get();
    } catch (std::exception &e) {
        std::cout << e.what() << '\n';
    }
    std::variant<int, std::string> v = std::string("variant");
    std::cout << std::get<std::string>(v) << ' ' << std::holds_alternative<int>(v) << '\n';
    try {
        std::get<int>(v);
    } catch (std::bad_variant_access &) {
        std::cout << "bad access\n";
    }
    auto start = std::chrono::steady_clock::now();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    std::cout << (std::chrono::steady_clock::now() - start >= std::chrono::milliseconds(5)) << '\n';
    std::vector<int> sorted(5000);
    std::iota(sorted.rbegin(), sorted.rend(), 0);
    std::sort(sorted.begin(), sorted.end());
    std::cout << std::is_sorted(sorted.begin(), sorted.end()) << '\n';
}
