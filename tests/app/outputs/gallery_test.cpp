#include "app/outputs/gallery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/core/file.h"
#include "support/cpu_time.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

using testing::HasSubstr;
using testing::Not;

RequestResult result_of(const std::string& id, ResultStatus status = ResultStatus::Done) {
  RequestResult result;
  result.id = id;
  result.status = status;
  result.request = {
      {"id", id}, {"prompt", "A \"cat\" </script><b>& 猫"}, {"seed", 7}, {"width", 96}, {"num_frames", 9}};
  result.files = {"latents/" + id + ".h5", "media/" + id + ".mp4"};
  result.seconds.add("denoise", 1.5);
  result.seconds.add("decode", 0.25);
  result.finished = "2026-01-31T12:00:00Z";
  return result;
}

// The JSON that the page's script reads.
Json clips_in(const std::string& page) {
  const std::string begin = R"(<script type="application/json" id="clips">)";
  const std::size_t from = page.find(begin) + begin.size();
  return Json::parse(page.substr(from, page.find("</script>", from) - from));
}

TEST(GalleryPage, HasTheLastResultOfEachClip) {
  RequestResult failed = result_of("a", ResultStatus::Failed);
  failed.error = "image: lost.png: no such file";
  const Json clips = clips_in(gallery_page({failed, result_of("b"), result_of("a")}));
  ASSERT_EQ(clips.size(), 2U);
  EXPECT_EQ(clips[0]["id"], "b");
  EXPECT_EQ(clips[1], (Json{{"id", "a"},
                            {"status", "done"},
                            {"prompt", "A \"cat\" </script><b>& 猫"},
                            {"width", 96},
                            {"frames", 9},
                            {"seed", 7},
                            {"seconds", 1.75},
                            {"finished", "2026-01-31T12:00:00Z"},
                            {"media", "media/a.mp4"}}));
  EXPECT_EQ(clips_in(gallery_page({failed}))[0]["error"], failed.error);
}

TEST(GalleryPage, ShowsPicturesAndVideosBeforeTheirPreviews) {
  RequestResult picture = result_of("a"), jpeg = result_of("b"), video = result_of("c");
  picture.files = {"latents/a.h5", "media/a.png"};
  jpeg.files = {"latents/b.h5", "media/b.jpg"};
  video.files = {"latents/c.h5", "media/c.mp4", "media/c.png"};
  const Json clips = clips_in(gallery_page({picture, jpeg, video}));
  EXPECT_EQ(clips[0]["media"], "media/a.png");
  EXPECT_EQ(clips[1]["media"], "media/b.jpg");
  EXPECT_EQ(clips[2]["media"], "media/c.mp4");
}

TEST(GalleryPage, SaysWhatAClipBeganWithAndItsChunks) {
  RequestResult result = result_of("a");
  result.request.update({{"image", "/in/first.png"}, {"last_image", "/in/last.png"}, {"chunk_frames", 5}});
  const Json clip = clips_in(gallery_page({result}))[0];
  EXPECT_EQ(clip["image"], "/in/first.png");
  EXPECT_EQ(clip["last_image"], "/in/last.png");
  EXPECT_EQ(clip["chunk"], 5);
}

TEST(GalleryPage, NeedsNoNetworkAndNoPromptCanBreakIt) {
  const std::string page = gallery_page({result_of("a")});
  EXPECT_THAT(page, Not(HasSubstr("://")));
  EXPECT_THAT(page, Not(HasSubstr("</script><b>")));
}

class GalleryFile : public testing::Test {
 protected:
  void add(const std::string& id) const { RunFiles(folder_.path()).append(result_of(id)); }
  std::size_t clips() const { return clips_in(read_file(folder_ / "index.html")).size(); }

  TemporaryFolder folder_;
  Log log_{LogLevel::Quiet};
};

TEST_F(GalleryFile, AppearsAtOnceAndIsCompleteAtTheEnd) {
  Gallery gallery(folder_.path(), log_);
  add("a");
  gallery.update();
  EXPECT_EQ(clips(), 1U);
  add("b");
  gallery.update();
  EXPECT_EQ(clips(), 1U) << "written a moment ago";
  RunFiles(folder_.path(), {1, 2}).append(result_of("of another shard"));
  gallery.finish();
  EXPECT_EQ(clips(), 3U);
}

TEST_F(GalleryFile, IsRepairedAfterAKill) {
  add("a");
  Gallery(folder_.path(), log_).repair();
  EXPECT_FALSE(std::filesystem::exists(folder_ / "index.html"));
  folder_.write("index.html.tmp", "<!DOC");
  Gallery(folder_.path(), log_).repair();
  EXPECT_EQ(clips(), 1U);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "index.html.tmp"));
}

// The time to write the page grows with the number of clips. The interval between pages keeps the total a small share
// of the run's time.
TEST_F(GalleryFile, ManyClipsCostLittle) {
  constexpr int kClips = 5000;
  std::string lines;
  Gallery gallery(folder_.path(), log_);
  add("first");
  const std::string line = read_file(folder_ / "results.jsonl");
  for (int i = 0; i < kClips; ++i) {
    std::string next = line;
    lines += next.replace(next.find("first"), 5, "clip" + std::to_string(i));
  }
  write_file(folder_ / "results.jsonl", lines);
  const double before = cpu_seconds();
  for (int i = 0; i < kClips; ++i) gallery.update();
  gallery.finish();
  EXPECT_LT(cpu_seconds() - before, 10) << "a page for each clip takes minutes";
  EXPECT_EQ(clips(), std::size_t{kClips});
}

TEST_F(GalleryFile, IsNoReasonToFail) {
  write_file(folder_ / "results.jsonl", "nonsense\n");
  Gallery gallery(folder_.path(), log_);
  EXPECT_NO_THROW(gallery.update());
  EXPECT_NO_THROW(Gallery(folder_ / "nowhere", log_).update());
}

}  // namespace
}  // namespace orrery
