from django.urls import path

from motet_platform.adapters.imports.views import ImportSourcesView, ImportView
from motet_platform.adapters.version_views import CompleteView, PartView, VersionsView, VersionView
from motet_platform.adapters.views import AdaptersView, AdapterView, AliasesView, AliasView

urlpatterns = [
    path("adapters", AdaptersView.as_view()),
    path("adapters/<str:name>", AdapterView.as_view()),
    path("adapters/<str:name>/aliases", AliasesView.as_view()),
    path("adapters/<str:name>/aliases/<str:alias>", AliasView.as_view()),
    path("adapters/<str:name>/import", ImportView.as_view()),
    path("import-sources", ImportSourcesView.as_view()),
    path("adapters/<str:name>/versions", VersionsView.as_view()),
    path("adapters/<str:name>/versions/<int:number>", VersionView.as_view()),
    path("adapters/<str:name>/versions/<int:number>/parts/<str:part>", PartView.as_view()),
    path("adapters/<str:name>/versions/<int:number>/complete", CompleteView.as_view()),
]
