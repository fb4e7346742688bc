#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "io/latents/latent_store.h"

namespace orrery {

// Gives each test its own folder, which is removed after the test.
class StorageTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "orrery-storage-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
};

// Smooth values, all different.
inline FloatArray make_array(std::vector<std::int64_t> shape, float first) {
  const auto count = std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
  FloatArray array{std::move(shape), std::vector<float>(static_cast<std::size_t>(count))};
  for (std::size_t i = 0; i < array.values.size(); ++i) array.values[i] = first + 0.001F * static_cast<float>(i);
  return array;
}

inline LatentFile complete_file() {
  LatentFile file;
  file.request = R"({"id":"cat","prompt":"a cat – 猫","fps":24.0})";
  file.inputs = R"({"image":"0011"})";
  file.model = R"({"fingerprint":"00ff","latent_channels":4})";
  file.software = "orrery 0.1.0";
  file.created = "2026-01-02T03:04:05Z";
  file.latents[Stream::Video] = make_array({1, 4, 3, 5, 6}, -1);
  file.latents[Stream::Sound] = make_array({1, 8, 7}, 2);
  file.cond_ids = {1, 2, 151935};
  file.uncond_ids = {9, 8};
  file.sigmas = {0.999F, 0.5F, 0};
  file.timesteps = {999, 500};
  return file;
}

inline SamplerHistory make_history(const std::vector<std::int64_t>& shape, float first) {
  return {make_array(shape, first), make_array(shape, first + 1), make_array(shape, first + 2), 2, 1};
}

inline LatentFile running_file() {
  LatentFile file = complete_file();
  file.state = LatentFile::State::Running;
  const std::vector<std::int64_t> video = file.latents.at(Stream::Video).shape;
  const std::vector<std::int64_t> sound = file.latents.at(Stream::Sound).shape;
  file.running = RunningState{7, {{Stream::Video, make_history(video, 10)}, {Stream::Sound, make_history(sound, 20)}}};
  file.running->cache = R"({"computed":[0],"branches":[]})";
  file.running->cache_arrays = {{"0/indicator", make_array(video, 40)},
                                {"0/0/video", make_array(video, 41)},
                                {"0/0/sound", make_array(sound, 42)}};
  file.condition[Stream::Video] = make_array({1, 4, 1, 5, 6}, 30);
  return file;
}

// The standard output of a shell command. Fails the test when the command fails.
inline std::string output_of(const std::string& command) {
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  std::string text;
  std::array<char, 4096> part{};
  while (const std::size_t count = std::fread(part.data(), 1, part.size(), pipe)) text.append(part.data(), count);
  EXPECT_EQ(::pclose(pipe), 0) << command << "\n" << text;
  return text;
}

}  // namespace orrery
