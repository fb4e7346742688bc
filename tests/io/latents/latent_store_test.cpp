#include "io/latents/latent_store.h"

#include <random>
#include <thread>

#include "base/core/error.h"
#include "base/core/file.h"
#include "storage_fixture.h"
#include "support/cpu_time.h"
#include "support/next_second.h"

namespace orrery {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

using LatentStore = StorageTest;

LatentFile minimal_file() {
  LatentFile file;
  file.latents[Stream::Video] = make_array({1, 1, 1, 1, 1}, 3);
  return file;
}

LatentFile first_step_file() {
  LatentFile file = running_file();
  file.latents.erase(Stream::Sound);
  file.running =
      RunningState{1, {{Stream::Video, {{}, {}, make_array(file.latents.at(Stream::Video).shape, 5), 1, 1}}}};
  return file;
}

TEST(StreamSchemas, StandInTheOrderOfStreams) {
  for (std::size_t i = 0; i < kStreams.size(); ++i) EXPECT_EQ(static_cast<std::size_t>(kStreams[i].stream), i);
}

TEST_F(LatentStore, ReturnsWhatWasWritten) {
  for (const LatentFile& file : {minimal_file(), complete_file(), running_file(), first_step_file()}) {
    write_latents(folder_ / "a.h5", file);
    EXPECT_EQ(read_latents(folder_ / "a.h5"), file);
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ / "a.h5.tmp"));
}

TEST_F(LatentStore, AFinishedFileRecordsTheChecksumOfItsLatents) {
  write_latents(folder_ / "a.h5", complete_file());
  EXPECT_EQ(read_latent_header(folder_ / "a.h5").checksum, latents_checksum(complete_file()));
  EXPECT_EQ(read_latent_header(folder_ / "a.h5").inputs, complete_file().inputs);
  write_latents(folder_ / "b.h5", running_file());
  EXPECT_EQ(read_latent_header(folder_ / "b.h5").checksum, "");
}

TEST_F(LatentStore, AFileMayListTheChunksOfALongClip) {
  LatentFile list = minimal_file();
  list.latents.clear();
  list.chunks = {{"a@0.h5", std::string(32, '1'), 0, 9}, {"a@1.h5", std::string(32, '2'), 4, 13}};
  write_latents(folder_ / "a.h5", list);
  EXPECT_EQ(read_chunk_list(folder_ / "a.h5"), list);
  EXPECT_EQ(read_latent_header(folder_ / "a.h5").chunks, list.chunks);
  EXPECT_EQ(read_latent_header(folder_ / "a.h5").checksum, latents_checksum(list));
  EXPECT_THAT([&] { read_latents(folder_ / "a.h5"); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("a.h5: "), HasSubstr("in a@0.h5, a@1.h5, beside it"))));
}

TEST(ChunkLists, OfNonsenseAreRefused) {
  const auto chunk = [](const std::string& file, int begin, int frames) {
    return R"({"file": ")" + file + R"(", "latents": "0", "begin": )" + std::to_string(begin) + R"(, "frames": )" +
           std::to_string(frames) + "}";
  };
  EXPECT_EQ(parse_chunk_list("[" + chunk("a", 0, 9) + "," + chunk("b", 9, 1) + "]").size(), 2U);
  for (const std::string& text :
       {std::string("[]"), std::string("{}"), std::string("[1]"), "[" + chunk("../a", 0, 9) + "]",
        "[" + chunk("a", 1, 9) + "]", "[" + chunk("a", 0, 0) + "]",
        "[" + chunk("a", 0, 9) + "," + chunk("b", 0, 9) + "]", "[" + chunk("a", 0, 9) + "," + chunk("b", 10, 9) + "]",
        "[" + chunk("a", -1, 9) + "]"}) {
    EXPECT_THROW(parse_chunk_list(text), InputError) << text;
  }
}

TEST_F(LatentStore, EqualContentGivesEqualBytes) {
  for (const LatentFile& file : {complete_file(), running_file()}) {
    write_latents(folder_ / "a.h5", file);
    wait_for_next_second();
    write_latents(folder_ / "b.h5", file);
    EXPECT_EQ(read_file(folder_ / "a.h5"), read_file(folder_ / "b.h5"));
  }
}

TEST_F(LatentStore, AttributesHoldLongTexts) {
  LatentFile file = minimal_file();
  file.request = std::string(300'000, 'x');
  write_latents(folder_ / "a.h5", file);
  EXPECT_EQ(read_latents(folder_ / "a.h5").request, file.request);
}

TEST_F(LatentStore, ChunksThatDoNotFillTheArray) {
  LatentFile file;
  file.latents[Stream::Video] = make_array({1, 2, 7, 250, 300}, 0);  // 2.1 MB per channel: stored in chunks of 3 frames
  write_latents(folder_ / "a.h5", file);
  EXPECT_EQ(read_latents(folder_ / "a.h5"), file);
  EXPECT_THAT(output_of("h5dump -p -H -d /latents/video " + (folder_ / "a.h5").string()),
              HasSubstr("CHUNKED ( 1, 1, 3, 250, 300 )"));
}

TEST_F(LatentStore, ReadableWithTheToolsOfHdf5) {
  const std::string path = (folder_ / "a.h5").string();
  write_latents(path, running_file());
  const std::string listing = output_of("h5ls -r " + path);
  for (const char* name : {"/latents/video", "/latents/sound", "/text/cond_ids", "/text/uncond_ids", "/sampler/sigmas",
                           "/sampler/timesteps", "/sampler/video/last_sample", "/sampler/video/model_output_0",
                           "/sampler/video/model_output_1", "/sampler/sound/last_sample",
                           "/sampler/sound/model_output_0", "/sampler/sound/model_output_1", "/condition/latents"}) {
    EXPECT_THAT(listing, HasSubstr(std::string(name) + " "));
  }
  EXPECT_THAT(listing, HasSubstr("Dataset {1, 4, 3, 5, 6}"));
  EXPECT_THAT(output_of("h5dump -H " + path),
              AllOf(HasSubstr("ATTRIBUTE \"format\""), HasSubstr("ATTRIBUTE \"step\""), HasSubstr("H5T_IEEE_F32LE"),
                    HasSubstr("H5T_STD_I64LE"), HasSubstr("H5T_CSET_UTF8")));
  EXPECT_THAT(output_of("h5dump -a /latents/video/axes " + path), HasSubstr("\"batch, channel, frame, row, column\""));
  EXPECT_THAT(output_of("h5dump -a /sampler/sigmas/description " + path), HasSubstr("noise level"));
  EXPECT_THAT(output_of("h5dump -a state " + path), HasSubstr("\"running\""));
}

TEST_F(LatentStore, OnlyCompleteFilesAreCompressed) {
  const std::string path = (folder_ / "a.h5").string();
  const std::string command = "h5dump -p -H -d /latents/video " + path;
  write_latents(path, complete_file());
  EXPECT_THAT(output_of(command), AllOf(HasSubstr("SHUFFLE"), HasSubstr("DEFLATE"), HasSubstr("FLETCHER32")));
  write_latents(path, running_file());
  EXPECT_THAT(output_of(command), AllOf(Not(HasSubstr("DEFLATE")), HasSubstr("FLETCHER32")));
}

TEST_F(LatentStore, RefusesContradictions) {
  LatentFile file = minimal_file();
  file.latents.at(Stream::Video).shape = {1, 2, 1, 1, 1};
  EXPECT_THAT([&] { write_latents(folder_ / "a.h5", file); },
              ThrowsMessage<Error>(HasSubstr("1 values cannot be stored with shape [1, 2, 1, 1, 1]")));
  file = minimal_file();
  file.state = LatentFile::State::Running;
  EXPECT_THAT([&] { write_latents(folder_ / "a.h5", file); },
              ThrowsMessage<Error>(HasSubstr("exactly when it is running")));
  file.running.emplace();
  EXPECT_THAT([&] { write_latents(folder_ / "a.h5", file); },
              ThrowsMessage<Error>(HasSubstr("the sampler's history of each stream")));
  EXPECT_THAT([&] { write_latents(folder_ / "a.h5", LatentFile{}); },
              ThrowsMessage<Error>(HasSubstr("a latent file needs video latents")));
}

TEST_F(LatentStore, ChecksumCoversVideoAndSound) {
  const LatentFile file = complete_file();
  LatentFile other = file;
  other.created = "later";
  EXPECT_EQ(latents_checksum(other), latents_checksum(file));
  other.latents.at(Stream::Sound).values.back() += 1;
  EXPECT_NE(latents_checksum(other), latents_checksum(file));
  other.latents.erase(Stream::Sound);
  const std::string silent = latents_checksum(other);
  other.latents.at(Stream::Video).values.front() += 1;
  EXPECT_NE(latents_checksum(other), silent);
}

TEST_F(LatentStore, ThreadsTakeTurns) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this, i] {
      const std::filesystem::path path = folder_ / (std::to_string(i) + ".h5");
      LatentFile file = running_file();
      file.running->step = i;
      for (int turn = 0; turn < 5; ++turn) {
        write_latents(path, file);
        EXPECT_EQ(read_latents(path), file);
        EXPECT_THROW(read_latents(folder_), InputError);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// A 720p clip of 189 frames. The bounds are several times the measured values.
TEST_F(LatentStore, LargeClipsTakeLittleWork) {
  LatentFile file;
  file.latents[Stream::Video] = make_array({1, 48, 48, 45, 80}, 0);
  std::mt19937 generator(1);
  std::normal_distribution<float> normal;
  for (float& value : file.latents.at(Stream::Video).values) value = normal(generator);
  for (const auto state : {LatentFile::State::Complete, LatentFile::State::Running}) {
    file.state = state;
    if (state == LatentFile::State::Running) file.running = RunningState{0, {{Stream::Video, {}}}};
    const double before = cpu_seconds();
    write_latents(folder_ / "a.h5", file);
    const double written = cpu_seconds();
    const double megabytes = static_cast<double>(std::filesystem::file_size(folder_ / "a.h5")) * 1e-6;
    EXPECT_EQ(read_latents(folder_ / "a.h5"), file);
    RecordProperty(file.running ? "running" : "complete",
                   std::to_string(written - before) + " s of CPU time to write " + std::to_string(megabytes) + " MB, " +
                       std::to_string(cpu_seconds() - written) + " s to read");
    EXPECT_LT(written - before, file.running ? 5 : 20);
  }
}

}  // namespace
}  // namespace orrery
