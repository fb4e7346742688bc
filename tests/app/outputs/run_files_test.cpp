#include "app/outputs/run_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

#include "base/core/error.h"
#include "base/core/file.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::ThrowsMessage;

class RunFolder : public testing::Test {
 protected:
  TemporaryFolder temporary_;
  fs::path folder_ = temporary_.path();
};

RequestResult done(const std::string& id) {
  RequestResult result;
  result.id = id;
  result.files = {"latents/" + id + ".h5", "media/" + id + ".mp4"};
  result.seconds.add("text", 0.25);
  result.seconds.add("denoise", 2.5);
  result.peak_memory = 123456789012;
  result.peak_gpu_memory = 45678901234;
  result.ranks = 8;
  result.device = "cuda";
  result.latent_checksum = "99aa";
  result.finished = "2026-01-02T03:04:05Z";
  return result;
}

RequestResult failed(const std::string& id) {
  RequestResult result;
  result.id = id;
  result.status = ResultStatus::Failed;
  result.error = "no space left on \xFF";
  return result;
}

auto has_id(const std::string& id) { return testing::Field(&RequestResult::id, id); }

TEST_F(RunFolder, ResultsReadBack) {
  const RunFiles files(folder_);
  EXPECT_THAT(read_results(files.results_path()), IsEmpty());
  files.append(done("a"));
  files.append(failed("b"));
  const std::vector<RequestResult> results = read_results(files.results_path());
  ASSERT_THAT(results, SizeIs(2));
  EXPECT_EQ(results[0].id, "a");
  EXPECT_EQ(results[0].status, ResultStatus::Done);
  EXPECT_THAT(results[0].files, ElementsAre("latents/a.h5", "media/a.mp4"));
  EXPECT_EQ(results[0].seconds.phases(), done("a").seconds.phases());
  EXPECT_EQ(results[0].peak_memory, 123456789012);
  EXPECT_EQ(results[0].peak_gpu_memory, 45678901234);
  EXPECT_EQ(results[0].ranks, 8);
  EXPECT_EQ(results[0].device, "cuda");
  EXPECT_EQ(results[1].ranks, std::nullopt);
  EXPECT_EQ(results[1].peak_memory, std::nullopt);
  EXPECT_EQ(results[1].peak_gpu_memory, std::nullopt) << "not measured on a CPU";
  EXPECT_EQ(results[0].latent_checksum, "99aa");
  EXPECT_EQ(results[0].finished, "2026-01-02T03:04:05Z");
  EXPECT_EQ(results[1].status, ResultStatus::Failed);
  EXPECT_THAT(results[1].error, HasSubstr("no space left"));
}

TEST_F(RunFolder, AStoppedClipSaysHowFarItCame) {
  const RunFiles files(folder_);
  RequestResult stopped;
  stopped.id = "a";
  stopped.status = ResultStatus::Stopped;
  stopped.steps_done = 12;
  stopped.steps = 35;
  files.append(done("a"));
  files.append(stopped);
  const RequestResult found = read_results(files.results_path()).back();
  EXPECT_EQ(found.status, ResultStatus::Stopped);
  EXPECT_EQ(found.steps_done, 12);
  EXPECT_EQ(found.steps, 35);
  EXPECT_EQ(found.error, "");
}

TEST_F(RunFolder, HalfALineOfAKilledRunIsPassedOverThenCutOff) {
  const RunFiles files(folder_);
  files.append(done("a"));
  write_file(files.results_path(), read_file(files.results_path()) + R"({"id":"b","sta)");
  EXPECT_THAT(read_results(files.results_path()), ElementsAre(has_id("a")));
  files.append(done("c"));
  EXPECT_THAT(read_results(files.results_path()), ElementsAre(has_id("a"), has_id("c")));
}

TEST_F(RunFolder, AFileThatIsHalfALineHoldsNothing) {
  const RunFiles files(folder_);
  write_file(files.results_path(), R"({"id")");
  EXPECT_THAT(read_results(files.results_path()), IsEmpty());
  files.append(done("a"));
  EXPECT_THAT(read_results(files.results_path()), SizeIs(1));
}

TEST_F(RunFolder, AHalfLineOfAnyLengthIsCutOff) {
  for (const std::size_t length : {1UL, 4095UL, 4096UL, 4097UL, 20000UL}) {
    const RunFiles files(folder_);
    write_file(files.results_path(), "");
    files.append(done("a"));
    const std::string whole = read_file(files.results_path());
    write_file(files.results_path(), whole + std::string(length, 'x'));
    cut_half_line(files.results_path());
    EXPECT_TRUE(read_file(files.results_path()) == whole) << length;
  }
}

TEST_F(RunFolder, AForeignLineIsNamed) {
  const RunFiles files(folder_);
  files.append(done("a"));
  append_line(files.results_path(), R"({"id": "b"})");
  EXPECT_THAT([&] { read_results(files.results_path()); },
              ThrowsMessage<InputError>(HasSubstr("results.jsonl:2: not a result of a run")));
}

// Each of these lines is valid JSON, but once ended the program by an uncaught exception.
TEST_F(RunFolder, AResultOfOtherTypesIsNamed) {
  const RunFiles files(folder_);
  files.append(done("a"));
  const std::string whole = read_file(files.results_path());
  const auto line_with = [&](const char* key, const Json& value) {
    Json line = parse_json(std::string_view(whole).substr(0, whole.size() - 1));
    line[key] = value;
    return line.dump();
  };
  std::vector<std::string> lines{"5", "[]", "null", "\"a\"", "{}"};
  for (const char* key : {"id", "status", "error", "files", "seconds", "ranks", "device", "peak_memory_bytes",
                          "peak_gpu_memory", "latent_checksum", "attention", "finished"}) {
    lines.push_back(line_with(key, Json{{"x", {{"y", nullptr}}}}));
  }
  lines.push_back(line_with("files", {1, 2}));
  lines.push_back(line_with("seconds", {{"text", "fast"}}));
  lines.push_back("{\"id\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}");
  for (const std::string& line : lines) {
    write_file(files.results_path(), whole + line + "\n" + whole);
    EXPECT_THAT([&] { read_results(files.results_path()); },
                ThrowsMessage<InputError>(AllOf(HasSubstr("results.jsonl:2: not a result of a run: "),
                                                HasSubstr("; move the file away or choose another --out"))))
        << line.substr(0, 200);
  }
}

TEST_F(RunFolder, HalfALineOfAFullDiskIsCutOffByTheNextAppend) {
  const RunFiles files(folder_);
  files.append(done("a"));
  const std::uintmax_t whole = fs::file_size(files.results_path());
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const auto was = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit full{whole + 20, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &full);
  EXPECT_THAT([&] { files.append(done("b")); }, ThrowsMessage<Error>(HasSubstr("results.jsonl: File too large")));
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, was);
  EXPECT_EQ(fs::file_size(files.results_path()), whole + 20);
  files.append(done("c"));
  EXPECT_THAT(read_results(files.results_path()), ElementsAre(has_id("a"), has_id("c")));
}

TEST_F(RunFolder, EveryShardHasFilesOfItsOwn) {
  for (const ManifestShard shard : {ManifestShard{0, 2}, ManifestShard{1, 2}, ManifestShard{}}) {
    const RunFiles files(folder_, shard);
    RequestResult result = done("clip" + shard.suffix());
    result.finished = "2026-01-02T03:04:0" + std::to_string(5 - shard.index) + "Z";
    files.append(result);
    files.write_run("", Json::object(), {});
  }
  for (const char* name : {"results-0-of-2.jsonl", "results-1-of-2.jsonl", "results.jsonl", "run-0-of-2.json",
                           "run-1-of-2.json", "run.json"}) {
    EXPECT_TRUE(fs::exists(folder_ / name)) << name;
  }
  const std::vector<RequestResult> all = all_results(folder_);
  ASSERT_THAT(all, SizeIs(3));
  EXPECT_EQ(all[0].id, "clip-1-of-2");  // finished first
}

TEST_F(RunFolder, RunSaysWhatRan) {
  const RunFiles files(folder_);
  files.write_run("cfg = 2\n", {{"orrery", "0.1.0"}}, {{{"ranks", 8}}, {{"folder", "c"}}});
  const Json run = parse_json_file(files.run_path());
  EXPECT_EQ(run["format"], "orrery-run");
  EXPECT_EQ(run["config"], "cfg = 2\n");
  EXPECT_EQ(run["topology"]["ranks"], 8);
  EXPECT_EQ(run["software"]["orrery"], "0.1.0");
}

}  // namespace
}  // namespace orrery
