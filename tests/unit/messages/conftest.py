import pytest

from tests.unit.messages.left import Post


@pytest.fixture
def post(tmp_path):
    """A relay that is up."""
    post = Post(tmp_path / "post")
    post.up()
    yield post
    post.end()
