import os


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"Hello from {os.environ.get('APP_NAME', 'the app')}\n".encode()]
